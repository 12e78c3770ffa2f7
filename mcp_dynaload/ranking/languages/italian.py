"""Words of Italian that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: il lo la i gli le un uno una che si del della dei delle dello al alla ai nel nella dal dalla per_favore l d un'
~: c' ci questo questa quello quella in_cui anche sono è stato essere fa io tu noi puoi può voglio se più molto ogni
~: ho hai abbiamo
and: e ed
then: poi dopo
or: o oppure
in: in
from: da di
to: a ad verso
with: con
for: per
about: su riguardo circa
my: mio mia miei mie
our: nostro nostra nostri
which: quale quali
what: cosa che_cosa
who: chi
when: quando
where: dove
why: perché
how many: quanti quante quanto
how: come
not: non
all: tutti tutte tutto tutta
new: nuovo nuova nuovi nuove
last: ultimo ultima ultimi ultime
first: primo prima primi
next: prossimo prossima prossimi
old: vecchio vecchia vecchi vecchie
open: aperto aperta aperti aperte apri aprire
close: chiudi chiudere chius*
today: oggi
tomorrow: domani
yesterday: ieri
now: adesso ora attualmente
week: settimana settimane
month: mese mesi
minute: minuto minuti
day: giorno giorni
night: notte
monday: lunedì
tuesday: martedì
wednesday: mercoledì
thursday: giovedì
friday: venerdì
show: mostra* mostrami visualizza*
list: elenca* lista elenco
search: cerca* ricerca*
find: trova* trovare
create: crea* creare
add: aggiungi aggiungere
delete: elimina* cancella* rimuov*
update: aggiorna* aggiornare
change: cambia* modifica* sostituisci
changes: modifiche
rename: rinomina*
move: sposta* spostare
copy: copia* copiare
send: invia* inviare manda* spedisci
post: pubblica*
reply: rispondi* rispondere
read: leggi leggere
write: scrivi* scrivere
save: salva* salvare
run: esegui* eseguire lancia*
start: avvia* avviare
stop: ferma* fermare arresta*
restart: riavvia* riavviare
merge: unisci mergia*
compare: confronta* confrontare
difference: differenz*
check: controlla* controllare verifica*
count: contare
assign: assegna* assegnare
comment: commenta* commento commenti
cancel: annulla* annullare disdici
mute: silenzia* silenziare
click: clicca* premi
fill: compila* riempi
go: vai naviga*
get: ottieni dammi prendi recupera*
summarize: riassumi* riassumere
explain: spiega* spiegare
tell: dimmi dire
remember: ricorda* ricordati memorizza*
book: prenota* pianifica* fissa*
export: esporta* esportare
import: importa* importare
download: scarica* scaricare
upload: carica* caricare
deploy: distribuisci deploy*
set: imposta* impostare metti
invite: invita* invitare
fix: correggi* sistema* aggiusta*
build: compila* build costruisci
test: testa* test
refactor: rifattorizza* refactor*
simplify: semplifica*
translate: traduci
convert: converti*
use: usa* utilizza*
function: funzione funzioni metodo
class: classe classi
variable: variabile variabili
code: codice
module: modulo moduli
regex: regex espressione_regolare
exception: eccezione eccezioni
readable: leggibile
issue: ticket issue segnalazion*
task: attività compito
bug: bug* difetto
pull request: richiest_di_pull richiests_di_pull PR pull_request*
branch: ramo rami branch
commit: commit* committa*
repository: repository repo deposito
release: release rilascio versione
staged: staged
file: file
folder: cartella cartelle
document: documento documenti
documentation: documentazione
page: pagina pagine
website: sito
browser: browser
button: pulsante bottone
form: modulo_web form
link: link collega* collegamento
screenshot: screenshot
table: tabella tabelle
database: database base_dati
column: colonna colonne
row: riga righe
query: query interroga*
index: indice indici
schema: schema
collection: collezione collection
duplicate: duplicat* doppion*
key: chiave chiavi
value: valore valori
user: utente utenti
customer: cliente clienti
order: ordine ordini
payment: pagamento pagamenti
invoice: fattura fatture
project: progetto progetti
team: squadra team
member: membro membri
calendar: calendario agenda
meeting: riunione riunioni
event: evento eventi appuntamento
free: liber* disponibil*
mail: mail email posta_elettronica
message: messaggio messaggi
unread: non_lett*
inbox: posta_in_arrivo
attachment: allegato allegati
draft: bozza bozze
channel: canale canali
note: nota note appunt*
container: container contenitore
image: immagine immagini
service: servizio servizi
server: server
pod: pod pods
deployment: deployment* distribuzion*
production: produzione prod
log: log registri
error: errore errori
alert: allarme allarmi avvis*
firing: attiv* scattat*
incident: incidente incidenti
dashboard: dashboard cruscotto
metric: metrica metriche
rate: tasso
latency: latenza
slow: lent* lente lenti
pipeline: pipeline*
job: job lavoro lavori
failed: fallit* rott*
flaky: instabil* flaky
running: esecuzione girando
stopped: fermat* spent*
status: stato
progress: corso lavorazione
history: cronologia storico
author: autore
line: riga_numero
text: testo testi
name: nome nomi
title: titolo titoli
label: etichetta etichette
tag: tag
time: ora ore tempo orario
result: risultato risultati
permission: permess* autorizzazion*
answer: risposta risposte
size: dimensione dimensioni
large: grand* grossi
knowledge: conoscenza
design: design
review: revisione
component: componente componenti
weather: meteo
contract: contratto
step: passo passi
on-call: reperibil*
yes: sì va_bene
thanks: grazie
continue: continua avanti
hello: ciao buongiorno salve
please: per_favore
morning: mattina stamattina
afternoon: pomeriggio
between: tra fra
since: dal da_ieri
only: solo soltanto
problem: problema problemi
cause: causa* motivo
down: caduto giù
data: dati
number: numero numeri
price: prezzo prezzi
date: data_di data_del
configuration: configurazione impostazion*
environment: ambiente ambienti
network: rete reti
password: password
account: account conto conti
reminder: promemoria
priority: priorità
description: descrizione descrizioni
assigned: assegnat*
unresolved: non_risolt*
discard: scarta*
undo: ripristina*
subscribe: iscrivi* abbona*
approve: approva*
temperature: temperatura
"""
