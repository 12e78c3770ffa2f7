"""Words of German that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: der die das den dem des ein eine einen einem einer eines es er sie man mal bitte doch denn ja auch noch schon
~: sich wird werden worden hab habe hat haben zu an ab auf sind seid war waren habt hatte ich du wir ihr ihn ihm uns
~: euch als wenn dass aber nur so sehr bin bist sollen soll kann kannst könnte können muss beim ob alles wieder
~: gerade eben mir mich ist bei da s hier einmal einfach mehr dazu gibt am bis
and: und
then: dann danach
or: oder
in: im in ins
from: von vom aus
to: zum zur nach
with: mit
for: für
about: über zu_dem
my: mein* meine
our: unser*
which: welche* welcher welches
what: was
who: wer wem
when: wann
where: wo
why: warum wieso weshalb
how many: wie_viele wieviele
how: wie
not: nicht kein* keine
all: alle alles allen sämtliche
new: neu* neue
last: letzte* zuletzt neueste*
first: erste*
next: nächste*
old: alt alte alten alter altes
open: offen* offene öffne öffnet
close: schließ* geschlossen*
today: heute heutige*
tomorrow: morgen
yesterday: gestern gestrige*
now: jetzt gerade aktuell*
week: Woche* woche
month: Monat*
hour: Stunde*
minute: Minute*
day: Tag Tage Tagen
night: Nacht nacht
monday: Montag*
tuesday: Dienstag*
wednesday: Mittwoch*
thursday: Donnerstag*
friday: Freitag*
show: zeig* anzeigen
list: list* auflisten liste auf_listen
search: such* suche
find: find* finde
create: erstell* anleg* leg lege neu_anlegen erzeug*
add: füg* hinzufüg* ergänz* trag* eintrag*
delete: lösch* entfern*
update: aktualisier*
change: änder* ändere pass ersetz*
changes: Änderung*
rename: umbenenn* benenn*
move: verschieb* beweg*
copy: kopier*
send: send* schick* verschick*
post: post* poste
reply: antwort* beantwort*
read: lies lese lesen vorles*
write: schreib*
save: speicher*
run: führ* ausführ*
start: start* starte
stop: stopp* anhalten halt beend*
restart: neustart* neu_start*
merge: merge* zusammenführ*
compare: vergleich*
difference: Unterschied*
check: prüf* überprüf* check*
count: zähl*
assign: zuweis* weis* assignier*
comment: kommentier* Kommentar*
cancel: absag* storni* abbrech*
mute: stummschalt* stumm
click: klick*
fill: ausfüll* füll*
go: geh gehe navigier* ruf*
get: hol* gib ruf_ab
summarize: fass* zusammenfass*
explain: erklär*
tell: sag sage
remember: merk* erinner*
book: buch* reservier* plan*
export: exportier*
import: importier*
download: herunterlad*
upload: hochlad* lad_hoch
deploy: deploy* ausroll* einspiel*
set: setz* stell*
invite: einlad* lade
fix: beheb* reparier* korrigier*
build: bau* baue
test: teste* testen test tests Testfall*
refactor: umbau* um_bau* refaktor*
simplify: vereinfach*
translate: übersetz*
convert: umwandel* wandel* konvertier*
use: benutz* verwend*
function: Funktion*
class: Klasse*
variable: Variable*
code: Code Quelltext* Quellcode*
module: Modul*
regex: Regex regulären_Ausdruck
exception: Ausnahme* Exception*
readable: lesbar*
issue: Issue Ticket* Vorgang Vorgänge
task: Aufgabe*
bug: Fehlerbericht* Bug*
pull request: Pull-Request* PR PRs
branch: Branch* Zweig*
commit: Commit* committe*
repository: Repo Repositor*
release: Release* Veröffentlichung*
staged: gestaget* vorgemerkt*
file: Datei*
folder: Ordner* Verzeichnis*
document: Dokument*
documentation: Dokumentation* Doku
page: Seite*
website: Webseite* Website*
browser: Browser*
button: Knopf Schaltfläche* Button*
form: Formular*
link: Link* verlink* verknüpf*
screenshot: Screenshot* Bildschirmfoto*
table: Tabelle*
database: Datenbank*
column: Spalte*
row: Zeile* Datensatz Datensätze
query: Abfrage* abfrag*
index: Index* Indizes
schema: Schema
collection: Sammlung* Collection*
duplicate: Duplikat* doppelt*
key: Schlüssel*
value: Wert*
user: Benutzer* Nutzer*
customer: Kunde* Kunden
order: Bestellung*
payment: Zahlung*
invoice: Rechnung*
project: Projekt*
team: Team*
member: Mitglied*
calendar: Kalender*
meeting: Besprechung* Meeting* Treffen
event: Termin* Ereignis*
free: frei freie Zeit
mail: Mail* E-Mail* Email* Nachricht_von
message: Nachricht*
unread: ungelesen*
inbox: Posteingang
attachment: Anhang Anhänge*
draft: Entwurf*
channel: Kanal Kanäle
note: Notiz*
container: Container*
image: Bild* Abbild* Image
service: Dienst*
server: Server*
pod: Pod Pods
deployment: Deployment* Bereitstellung*
production: Produktion* Produktiv* Prod
log: Log Logs Protokoll*
error: Fehler*
alert: Alarm* Warnung*
firing: feuer* ausgelöst*
incident: Vorfall Vorfälle Störung*
dashboard: Dashboard* Übersicht*
metric: Metrik* Kennzahl*
rate: Rate Quote
latency: Latenz*
slow: langsam*
pipeline: Pipeline*
job: Job Jobs
failed: fehlgeschlagen* gescheitert* kaputt rot
flaky: flaky wackelig* instabil*
running: läuft laufen laufend*
stopped: angehalten* gestoppt*
status: Status Zustand Stand
progress: Arbeit_befindlich Bearbeitung
history: Verlauf* Historie*
author: Autor*
line: Zeilennummer
text: Text*
name: Name Namen
title: Titel*
label: Etikett* Label*
tag: Schlagwort*
time: Uhrzeit Uhr Zeit_jetzt spät
result: Ergebnis*
permission: Berechtigung* Rechte
answer: Antwort
size: Größe*
large: groß* größte*
knowledge: Wissen*
design: Design*
review: Review* Durchsicht
component: Komponente*
weather: Wetter*
contract: Vertrag*
step: Schritt*
on-call: Bereitschaft* Rufbereitschaft
yes: ja jawohl
thanks: danke dankeschön
continue: weiter mach_weiter
hello: hallo servus moin
please: bitte
morning: Vormittag* Früh heute_früh
afternoon: Nachmittag*
between: zwischen
since: seit
only: nur
problem: Problem* Schwierigkeit*
cause: Ursache* Grund
down: ausgefallen abgestürzt
data: Daten
number: Anzahl Nummer*
price: Preis*
date: Datum*
configuration: Konfiguration* Einstellung*
environment: Umgebung*
network: Netz* Netzwerk*
password: Passwort* Kennwort*
account: Konto Konten
reminder: Erinnerung*
priority: Priorität*
description: Beschreibung*
assigned: zugewiesen*
unresolved: ungelöst* ungeklärt*
discard: verwirf* verwerf*
undo: rückgängig*
subscribe: abonnier*
approve: genehmig* freigeb*
temperature: Temperatur*
"""
