"""Words of Spanish that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: el la los las un una unos unas lo se que le por_favor porfa al del hay este esta esto ese esa eso tiene ya me ha
~: algún alguna pero es entra tengo favor n son está están he has hemos ser fue yo tú nosotros puedes puede quiero
~: dime si más muy cada
and: y e
then: luego después entonces
or: o u
in: en
from: de desde
to: a hacia hasta
with: con
for: para por
about: sobre acerca
my: mi mis
our: nuestro* nuestra*
which: qué cuál cuáles
what: qué
who: quién quien quiénes
when: cuándo cuando
where: dónde donde
why: por_qué porqué
how many: cuántos cuántas cuanto cuánto
how: cómo como
not: no_hay
all: todos todas todo toda
new: nuevo* nueva*
last: último* última*
first: primer* primera*
next: próximo* próxima* siguiente*
old: viejo* vieja* antiguo*
open: abierto* abierta* abre abrir
close: cierra cerrar cerrad*
today: hoy
tomorrow: mañana
yesterday: ayer
now: ahora actualmente
week: semana semanas
month: mes meses
hour: hora horas
minute: minuto minutos
day: día días
night: noche
monday: lunes
tuesday: martes
wednesday: miércoles
thursday: jueves
friday: viernes
show: muestra* muéstra* mostrar enseña* ver
list: lista* enumera* listar
search: busca* buscar
find: encuentra* encontrar
create: crea* crear
add: añade* añadir agrega* agregar
delete: elimina* eliminar borra* borrar
update: actualiza* actualizar
change: cambia* cambiar modifica* reemplaza*
changes: cambios
rename: renombra* renombrar
move: mueve* mover pasa*
copy: copia* copiar
send: envía* enviar manda*
post: publica* publicar postea
reply: responde* responder contesta* respónde*
read: lee leer léeme
write: escribe* escribir redacta*
save: guarda* guardar
run: ejecuta* ejecutar corre
start: arranca* inicia* iniciar
stop: detén* detener parar
restart: reinicia* reiniciar
merge: fusiona* mergea
compare: compara* comparar
difference: diferencia* diferencias
check: comprueba* comprobar verifica* revisa*
count: contar
assign: asigna* asignar asígna*
comment: comenta* comentario*
cancel: cancela* cancelar anula*
mute: silencia* silenciar
click: clic* pulsa*
fill: rellena* completa*
go: ve ir navega*
get: obtén* dame trae*
summarize: resume* resumir
explain: explica* explicar
tell: di dime decir
remember: recuerda* memoriza*
book: reserva* agenda* programa*
export: exporta* exportar
import: importa* importar
download: descarga* descargar
upload: sube subir
deploy: despliega* desplegar despliegue*
set: pon poner establece* configura* ajusta*
invite: invita* invitar
fix: corrige* arregla* arreglar
build: construye* compila* build
test: prueba* pruebas test tests
refactor: refactoriza*
simplify: simplifica*
translate: traduce traducir
convert: convierte* convertir
use: usa* utiliza*
function: función funciones método*
class: clase clases
variable: variable variables
code: código
module: módulo módulos
regex: regex expresión_regular
exception: excepción excepciones
readable: legible*
issue: incidencia* ticket* issue*
task: tarea*
bug: bug* fallo*
pull request: solicitud_de_extracción solicituds_de_extracción PR pull_request*
branch: rama ramas
commit: commit* confirmación
repository: repositorio* repo
release: versión* lanzamiento* release
staged: preparad* staged
file: archivo* fichero*
folder: carpeta* directorio*
document: documento*
documentation: documentación
page: página* pagina*
website: sitio* web
browser: navegador*
button: botón botones
form: formulario*
link: enlace* vincula*
screenshot: captura_de_pantalla capturas_de_pantalla captura* pantallazo*
table: tabla tablas
database: base_de_datos bases_de_datos base bases
column: columna*
row: fila* registro*
query: consulta* query
index: índice*
schema: esquema*
collection: colección colecciones
duplicate: duplicad*
key: clave*
value: valor*
user: usuario*
customer: cliente clientes
order: pedido*
payment: pago pagos
invoice: factura*
project: proyecto*
team: equipo*
member: miembro*
calendar: calendario*
meeting: reunión reuniones junta
event: evento* cita citas
free: libre* disponible* hueco*
mail: correo* email* mail
message: mensaje*
unread: no_leíd* sin_leer
inbox: bandeja_de_entrada bandejas_de_entrada
attachment: adjunto*
draft: borrador*
channel: canal canales
note: nota notas apunte*
container: contenedor*
image: imagen imágenes
service: servicio*
server: servidor*
pod: pod pods
deployment: despliegue* deployment*
production: producción prod
log: log logs registro_de
error: error errores
alert: alerta* alarma*
firing: activ* disparad* saltand*
incident: incidente*
dashboard: panel* tablero* dashboard*
metric: métrica*
rate: tasa
latency: latencia*
slow: lent* lentas
pipeline: pipeline* canalización
job: job jobs trabajo*
failed: fallad* falló fallaron roto
flaky: inestable* flaky
running: corriendo ejecutándose
stopped: parad* detenid*
status: estado* estatus
progress: curso progreso
history: historial historia
author: autor*
line: línea*
text: texto*
name: nombre*
title: título*
label: etiqueta*
tag: tag*
time: tiempo
result: resultado*
permission: permiso*
answer: respuesta*
size: tamaño*
large: grande*
knowledge: conocimiento*
design: diseño*
review: revisión*
component: componente*
weather: tiempo_en clima
contract: contrato*
step: paso pasos
on-call: guardia
yes: sí vale
thanks: gracias
continue: continúa sigue
hello: hola buenas
please: por_favor
morning: mañana_por_la_mañana
afternoon: tarde
between: entre
since: desde_ayer
only: sólo solamente
problem: problema*
cause: causa* motivo*
down: caído* caída* caido
data: datos
number: cantidad número*
price: precio*
date: fecha*
configuration: configuración* ajuste*
environment: entorno*
network: red redes
password: contraseña*
account: cuenta cuentas
reminder: recordatorio*
priority: prioridad*
description: descripción descripciones
assigned: asignad*
unresolved: sin_resolver no_resuelt*
discard: descarta*
undo: deshaz deshacer
subscribe: suscribe* suscríbe*
approve: aprueba* aprobar
temperature: temperatura*
"""
