"""Words of Polish that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: się to ten ta te proszę jest są mi go ją czy by był była być jestem masz mam możesz może chcę jeśli bardzo każdy
~: według przez przy
and: i oraz
then: potem następnie
or: lub albo
in: w we
from: z ze od
for: dla
about: o na_temat
my: moje mój moja moich mojego
our: nasz* nasze
which: które który która jakie jaki
what: co
who: kto kogo
when: kiedy
where: gdzie
why: dlaczego
how many: ile
how: jak
not: nie
all: wszystkie wszystko wszystkich
new: nowy nowa nowe nową
last: ostatni*
first: pierwsz*
next: następn*
old: star* stary stare
open: otwart* otwórz otworz
close: zamknij zamknięt*
today: dzisiaj dziś dzisiejsz*
tomorrow: jutro
yesterday: wczoraj wczorajsz*
now: teraz obecnie aktualn*
week: tydzień tygodni* tygodnia
month: miesiąc*
hour: godzin*
minute: minut*
day: dzień dni
night: noc nocy
monday: poniedziałek
tuesday: wtorek
wednesday: środ*
thursday: czwartek
friday: piątek
show: pokaż* pokaz* wyświetl*
list: wylistuj lista list* wypisz
search: szukaj wyszukaj poszukaj
find: znajdź znajdz
create: utwórz utworz stwórz zrób załóż
add: dodaj* dopisz
delete: usuń usun* skasuj
update: zaktualizuj* aktualizuj
change: zmień zmien* zamień
changes: zmiany zmian
rename: zmień_nazwę przemianuj
move: przenieś przenies* przesuń
copy: skopiuj kopiuj
send: wyślij wyslij prześlij
post: opublikuj wrzuć
reply: odpowiedz odpisz
read: przeczytaj odczytaj
write: napisz zapisz
save: zachowaj
run: uruchom* wykonaj
start: wystartuj włącz
stop: zatrzymaj*
restart: zrestartuj uruchom_ponownie
merge: scal zmerguj
compare: porównaj porownaj
difference: różnic*
check: sprawdź sprawdz*
count: policz zlicz
assign: przypisz przypisan*
comment: skomentuj komentarz*
cancel: anuluj odwołaj
mute: wycisz* ucisz
click: kliknij
fill: wypełnij
go: przejdź wejdź
get: pobierz daj podaj
summarize: streść podsumuj
explain: wyjaśnij wytłumacz
tell: powiedz
remember: zapamiętaj
book: zarezerwuj zaplanuj umów
export: wyeksportuj eksport*
import: zaimportuj import*
download: pobierz
upload: wgraj prześlij_plik
deploy: wdróż wdroż* deploy*
set: ustaw*
invite: zaproś zapros*
fix: napraw popraw*
build: zbuduj build*
test: test* przetestuj
refactor: zrefaktoryzuj refaktor*
simplify: uprość
translate: przetłumacz
convert: przekonwertuj zamień
use: użyj użyci*
function: funkcj* metod*
class: klas* klasę
variable: zmienn*
code: kod kodu kodzie
module: moduł*
regex: regex wyrażenie_regularne
exception: wyjąt*
readable: czytelny czytelniej*
issue: zgłoszeni* ticket*
task: zadani*
bug: bug* błąd_w
pull request: pull_request* PR
branch: gałąź gałęzi* branch*
commit: commit* zacommituj zatwierdź
repository: repozytori* repo
release: wydani* wersj* release*
staged: zestage* przygotowan*
file: plik*
folder: folder* katalog*
document: dokument*
documentation: dokumentacj*
page: stron*
website: witryn*
browser: przeglądark*
button: przycisk*
form: formularz*
link: link* połącz
screenshot: zrzut* zrzut_ekranu
table: tabel* tablic*
database: baz* bazie
column: kolumn*
row: wiersz* rekord*
query: zapytani*
index: indeks*
schema: schemat*
collection: kolekcj*
duplicate: duplikat* zduplikow*
key: klucz*
value: wartoś*
user: użytkowni*
customer: klient*
order: zamówieni*
payment: płatnoś*
invoice: faktur*
project: projek*
team: zespół zespoł*
member: członk* członek
calendar: kalendarz*
meeting: spotkani*
event: wydarzeni*
free: woln* dostępn*
mail: mail* maile e-mail* wiadomoś_e-mail wiadomośs_e-mail
message: wiadomoś*
unread: nieprzeczytan*
inbox: skrzynk*
attachment: załącznik*
draft: szkic*
channel: kanał*
note: notatk*
container: kontener*
image: obraz*
service: usług* serwis*
server: serwer*
pod: pod pody podów
deployment: wdrożeni* deployment*
production: produkcj*
log: log logi logów dziennik*
error: błęd* błąd
alert: alert* alarm* ostrzeżeni*
firing: odpalon* aktywn*
incident: incydent*
dashboard: dashboard* pulpit*
metric: metryk*
rate: wskaźnik* odset*
latency: opóźnieni*
slow: wolne powoln*
pipeline: pipeline* potok*
job: job* zadanie_ci
failed: nieudan* padł* zepsut*
flaky: niestabiln* flaky
running: działa* działając*
stopped: zatrzyman*
status: status* stan
progress: w_toku
history: histori*
author: autor*
line: lini* linij*
text: tekst*
name: nazw* imię
title: tytuł*
label: etykiet*
tag: tag*
time: czas*
result: wynik*
permission: uprawnieni*
answer: odpowied*
size: rozmiar*
large: duż* największ*
knowledge: wiedz*
design: projekt_graficzn* makiet*
review: recenz* przejrzyj
component: komponent*
weather: pogod*
contract: umow*
step: krok*
on-call: dyżur*
yes: tak dobrze
thanks: dzięki dziękuję
continue: kontynuuj dalej
hello: cześć hej
please: proszę
morning: ran* poranek
afternoon: popołudni*
between: między pomiędzy
since: od_wczoraj
only: tylko
problem: problem*
cause: przyczyn*
down: leży padła padł
data: dane danych
number: liczb* numer*
price: cen* ceny
date: dat*
configuration: konfiguracj* ustawieni*
environment: środowisk*
network: sieć sieci*
password: hasł*
account: kont*
reminder: przypomnieni*
priority: priorytet*
description: opis*
assigned: przypisan*
unresolved: nierozwiązan*
discard: odrzuć
undo: cofnij
subscribe: subskrybuj zapisz_się
approve: zatwierdz*
temperature: temperatur*
"""
