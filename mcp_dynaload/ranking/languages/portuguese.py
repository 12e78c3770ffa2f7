"""Words of Portuguese that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: o a os as um uma uns umas que se do da dos das no na nos nas por_favor tá esse essa este esta isso isto lá pra
~: pro ao à tem me só já pelo ainda antes são está estão foi ser eu tu você nós pode quero mais muito cada pela num
~: numa mim
and: e
then: depois então
or: ou
in: em
from: de desde
to: para até
with: com
for: por
about: sobre
my: meu minha meus minhas
our: nosso* nossa*
which: qual quais
what: que o_que
who: quem
when: quando
where: onde
why: por_que por_quê
how many: quantos quantas quanto
how: como
not: não
all: todos todas tudo
new: novo* nova*
last: último* última*
first: primeiro* primeira*
next: próximo* próxima*
old: velho* velha* antigo* antiga*
open: aberto* aberta* abre abrir abra
close: fecha fechar fechad*
today: hoje
tomorrow: amanhã
yesterday: ontem
now: agora atualmente
week: semana semanas
month: mês meses
hour: hora horas
minute: minuto minutos
day: dia dias
night: noite
monday: segunda segunda-feira
tuesday: terça terça-feira
wednesday: quarta quarta-feira
thursday: quinta quinta-feira
friday: sexta sexta-feira
show: mostra* mostre exibe exibir ver
list: lista* liste listar
search: busca* buscar pesquisa* procura* procure
find: encontra* encontre ache achar
create: cria* crie criar
add: adiciona* adicione acrescenta*
delete: apaga* apague exclui* exclua deleta* delete
update: atualiza* atualize
change: muda* mude altera* altere troca*
changes: mudanças alterações
rename: renomeia* renomear renomeie
move: move mova mover
copy: copia* copie copiar
send: envia* envie enviar manda*
post: posta* publica* poste
reply: responde* responda responder
read: lê leia ler
write: escreve* escreva escrever
save: salva* salve salvar
run: executa* execute executar roda* rode
start: inicia* inicie iniciar
stop: pare parar
restart: reinicia* reinicie reiniciar
merge: mescla* mergeia* faz_merge
compare: compara* compare comparar
difference: diferença* diferenças
check: verifica* verifique confere checa*
count: conte contar
assign: atribui* atribua atribuir
comment: comenta* comentário*
cancel: cancela* cancele cancelar
mute: silencia* silencie silenciar
click: clica* clique
fill: preenche* preencha
go: vá vai ir navega*
get: obtém pega* pegue me_dá traz*
summarize: resume* resuma resumir
explain: explica* explique explicar
tell: diz diga me_diz
remember: lembra* lembre memoriza*
book: reserva* agenda* agende marca* marque
export: exporta* exporte exportar
import: importa* importe importar
download: baixa* baixe baixar
upload: sobe suba envia_o_arquivo
deploy: implanta* faz_deploy
set: define* põe ponha coloca* configura*
invite: convida* convide
fix: corrige* conserta* corrija arruma*
build: compila* build constrói
test: teste testes testa
refactor: refatora* refatore
simplify: simplifica* simplifique
translate: traduz* traduza
convert: converte* converta
use: usa* use utiliza*
function: função funções método*
class: classe classes
variable: variável variáveis
code: código
module: módulo módulos
regex: regex
exception: exceção exceções
readable: legível
issue: ticket* issue* chamado*
task: tarefa*
bug: bug*
pull request: PR PRs pull_request*
branch: branch* ramo
commit: commit* commita*
repository: repositório* repo
release: versão release* lançamento*
staged: preparad* staged
file: arquivo* ficheiro*
folder: pasta* diretório*
document: documento*
documentation: documentação
page: página* pagina*
website: site* sítio
browser: navegador*
button: botão botões
form: formulário*
link: link* vincula*
screenshot: captura_de_tela capturas_de_tela print_da_tela
table: tabela tabelas
database: banco_de_dados bancos_de_dados banco
column: coluna*
row: linha_da registro*
query: consulta* query
index: índice*
schema: esquema*
collection: coleção coleções
duplicate: duplicad*
key: chave*
value: valor*
user: usuário*
customer: cliente clientes
order: pedido* encomenda*
payment: pagamento*
invoice: fatura* nota_fiscal
project: projeto*
team: equipe* time
member: membro*
calendar: calendário*
meeting: reunião reuniões
event: evento* compromisso*
free: livre* disponível
mail: email* e-mail* correio
message: mensagem mensagens
unread: não_lid*
inbox: caixa_de_entrada
attachment: anexo*
draft: rascunho*
channel: canal canais
note: nota notas anotaç*
container: contêiner* container*
image: imagem imagens
service: serviço*
server: servidor*
pod: pod pods
deployment: deployment* implantaç*
production: produção prod
log: log logs
error: erro erros
alert: alerta* alarme*
firing: disparand* ativ*
incident: incidente*
dashboard: painel painéis dashboard*
metric: métrica*
rate: taxa
latency: latência*
slow: lent* lentas lentos
pipeline: pipeline* esteira
job: job jobs
failed: falhou falharam falhad* quebrad*
flaky: instáve* flaky
running: rodando executando
stopped: parad*
status: status estado
progress: andamento progresso
history: histórico*
author: autor*
line: linha*
text: texto*
name: nome nomes
title: título*
label: etiqueta* rótulo*
tag: tag*
time: horas_são tempo
result: resultado*
permission: permiss*
answer: resposta*
size: tamanho*
large: grande*
knowledge: conhecimento*
design: design projeto_visual
review: revisão revise
component: componente*
weather: clima tempo_em
contract: contrato*
step: passo passos
on-call: plantão
yes: sim isso_mesmo
thanks: obrigado obrigada valeu
continue: continua segue
hello: olá oi bom_dia
please: por_favor
morning: manhã
afternoon: tarde
between: entre
since: desde_ontem
only: apenas somente só
problem: problema*
cause: causa* motivo*
down: caiu caíram fora_do_ar
data: dados
number: quantidade número*
price: preço*
date: data_de data_do
configuration: configuração configurações
environment: ambiente*
network: rede redes
password: senha*
account: conta contas
reminder: lembrete*
priority: prioridade*
description: descrição descrições
assigned: atribuíd*
unresolved: não_resolvid* sem_solução
discard: descarta* descarte
undo: desfaz desfaça
subscribe: inscreve* assina*
approve: aprova* aprove
temperature: temperatura*
"""
