"""Words of Dutch that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: de het een er dat dit die deze zich eens even graag alsjeblieft zitten zit te ook ben bent zijn was waren heeft
~: hebben heb ik jij je u wij we zij kun kan kunt wil moet als maar nog wel niet op
and: en
then: dan daarna
or: of
in: in
from: van uit
to: naar aan
with: met
for: voor
about: over
my: mijn
our: onze ons
which: welke
what: wat
who: wie
when: wanneer
where: waar
why: waarom
how many: hoeveel
how: hoe
not: niet geen
all: alle alles
new: nieuw nieuwe
last: laatste
first: eerste
next: volgende
old: oud oude
open: open openstaande
close: sluit sluiten gesloten
today: vandaag
tomorrow: morgen
yesterday: gisteren
now: nu momenteel
week: week weken
month: maand maanden
hour: uur
minute: minuten minuut
day: dag dagen
night: nacht vannacht
monday: maandag
tuesday: dinsdag
wednesday: woensdag
thursday: donderdag
friday: vrijdag
show: toon laat_zien tonen bekijk
list: lijst lijst_op som_op
search: zoek* doorzoek*
find: vind*
create: maak* aanmaken creëer*
add: voeg* toevoegen
delete: verwijder* wis
update: werk* bijwerken update
change: wijzig* verander* vervang*
changes: wijzigingen
rename: hernoem*
move: verplaats*
copy: kopieer*
send: stuur* verstuur*
post: plaats*
reply: antwoord* beantwoord*
read: lees lezen
write: schrijf*
save: sla_op bewaar opslaan
run: voer* uitvoeren draai*
start: start*
stop: stop*
restart: herstart*
merge: merge* samenvoegen
compare: vergelijk*
difference: verschil verschillen
check: controleer* check
count: tel tellen
assign: wijs* toewijzen
comment: reageer opmerking* commentaar
cancel: annuleer* afzeg*
mute: demp* dempen
click: klik*
fill: vul* invullen
go: ga navigeer*
get: haal* geef ophalen
summarize: vat_samen samenvat*
explain: leg_uit uitleg*
tell: zeg vertel*
remember: onthoud*
book: boek* plan*
export: exporteer*
import: importeer*
download: download*
upload: upload*
deploy: deploy* uitrol*
set: zet stel instel*
invite: nodig* uitnodig*
fix: fix* repareer* herstel*
build: bouw* build
test: test* testen
refactor: refactor* herschrijf*
simplify: vereenvoudig*
translate: vertaal*
convert: converteer* zet_om
use: gebruik*
function: functie*
class: klasse klassen
variable: variabele*
code: code
module: module
regex: regex
exception: uitzondering*
readable: leesbaar*
issue: ticket* issue*
task: taak taken
bug: bug*
pull request: pull_request* PR
branch: branch* tak
commit: commit*
repository: repo* repository
release: release* versie
staged: gestaged staged
file: bestand* bestanden
folder: map mappen
document: document* documenten
documentation: documentatie
page: pagina pagina's
website: site website
browser: browser*
button: knop knoppen
form: formulier*
link: link* koppel*
screenshot: schermafbeelding* screenshot*
table: tabel tabellen
database: database* databank
column: kolom kolommen
row: rij rijen
query: query's zoekopdracht
index: index*
schema: schema
collection: collectie*
duplicate: dubbel* duplica*
key: sleutel*
value: waarde*
user: gebruiker*
customer: klant*
order: bestelling*
payment: betaling*
invoice: factuur facturen
project: project*
team: team*
member: lid leden
calendar: kalender agenda
meeting: vergadering* afspraak
event: gebeurtenis* afspraken
free: vrij beschikbaar
mail: mail* e-mail* mailtje
message: bericht berichten
unread: ongelezen
inbox: postvak*
attachment: bijlage*
draft: concept*
channel: kanaal kanalen
note: notitie*
container: container*
image: afbeelding* image
service: dienst* service
server: server*
pod: pod pods
deployment: deployment*
production: productie prod
log: log logs logboek
error: fout fouten
alert: alarm* waarschuwing* melding*
firing: gaan_af afgaan
incident: incident* storing*
dashboard: dashboard*
metric: metric* metriek*
rate: percentage ratio
latency: latentie vertraging
slow: traag trage langzaam
pipeline: pipeline* pijplijn
job: job jobs
failed: mislukt* gefaald* kapot
flaky: flaky instabiel*
running: draait draaien
stopped: gestopt*
status: status toestand
progress: uitvoering
history: geschiedenis
author: auteur*
line: regel regels
text: tekst*
name: naam namen
title: titel*
label: label* etiket
tag: tag* tags
time: tijd laat
result: resultaat resultaten
permission: rechten toestemming*
size: grootte
large: groot grote grootste
knowledge: kennis
design: ontwerp*
review: beoordeel* review*
component: component* componenten
weather: weer
contract: contract*
step: stap stappen
on-call: dienst_hebben wachtdienst
thanks: bedankt dank
continue: ga_verder ga_door verder
hello: hoi hallo
please: alstublieft
morning: ochtend vanochtend
afternoon: middag vanmiddag
between: tussen
since: sinds
only: alleen
problem: probleem problemen
cause: oorzaak reden
down: plat uitgevallen
data: gegevens
number: aantal nummer*
price: prijs prijzen
date: datum*
configuration: configuratie instelling*
environment: omgeving*
network: netwerk*
password: wachtwoord*
account: account*
reminder: herinnering*
priority: prioriteit*
description: beschrijving*
assigned: toegewezen
unresolved: onopgelost*
discard: gooi* weggooien
undo: ongedaan
subscribe: abonneer*
approve: keur*
temperature: temperatuur
"""
