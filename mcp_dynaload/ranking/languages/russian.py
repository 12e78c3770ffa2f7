"""Words of Russian that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: пожалуйста бы ли же этот эта это эти есть уже мне я ты мы вы он она они был была были быть можно нужно хочу если
~: очень по у за при
and: и
then: потом затем
or: или
in: в во
from: из от с
to: к на до
with: с со
for: для
about: о об про
my: мой моя мои моего моих моей
our: наш* нашей
which: какие какой какая какое каких
what: что
who: кто кому
when: когда
where: где
why: почему
how many: сколько
how: как
not: не
all: все всех всё
new: новый новая новую новое новые новых
last: последний последние последних последняя последнюю
first: первый первые первая
next: следующий следующая следующую следующей
old: стар*
open: открыт* откро*
close: закрой закры*
today: сегодня сегодняшн*
tomorrow: завтра
yesterday: вчера вчерашн*
now: сейчас теперь
week: недел*
month: месяц*
hour: час часа часов
minute: минут*
day: день дня дней
night: ночь ночью
monday: понедельник*
tuesday: вторник*
wednesday: сред*
thursday: четверг*
friday: пятниц*
show: покаж* показ* выведи
list: список списк* перечисли*
search: поиск* ищи поищи
find: найди найти
create: создай* созда*
add: добавь добав*
delete: удали* удал*
update: обнови* обнов*
change: измени* поменяй замени*
changes: изменени*
rename: переименуй переимен*
move: перемести* перенеси*
copy: скопируй копи*
send: отправь отправ* пошли
post: опублик* запости
reply: ответь отве*
read: прочитай прочти чита*
write: напиши запиши
save: сохрани*
run: запусти* выполни*
start: запуск* стартуй
stop: останови* останов*
restart: перезапусти* перезагруз*
merge: слей смерж* мерж*
compare: сравни* сравн*
difference: разниц* отличи*
check: проверь провер*
count: посчитай подсчит*
assign: назнач*
comment: комментар* прокоммент*
cancel: отмени* отмен*
mute: заглуши* отключи_уведом*
click: нажми* кликни
fill: заполни*
go: перейди зайди
get: получи* дай
summarize: кратко перескажи резюм*
explain: объясни*
tell: скажи сообщи
remember: запомни*
book: забронируй заплан*
export: экспорт* выгрузи*
import: импорт* загрузи
download: скачай скач*
upload: загрузи
deploy: деплой* задеплой* разверни*
set: установи* поставь
invite: пригласи* приглаш*
fix: исправь почини* исправ*
build: собери сборк*
test: тест* протестируй
refactor: отрефактор* рефактор* перепиши
simplify: упрости*
translate: переведи
convert: сконвертируй преобразуй*
use: используй использ*
function: функци* метод*
class: класс*
variable: переменн*
code: код коде кода
module: модул*
regex: регулярк* регулярн*
exception: исключени*
readable: читаем*
issue: тикет* ишью issue задач*
task: задани*
bug: баг*
pull request: пулл-реквест* пул-реквест* реквест* ПР пиар
branch: ветк* ветв*
commit: коммит* закоммит*
repository: репозитор* репо
release: релиз* верси*
staged: проиндексир* застейдж*
file: файл*
folder: папк* каталог*
document: документ*
documentation: документаци*
page: страниц*
website: сайт*
browser: браузер*
button: кнопк*
form: форм*
link: ссылк* свяжи
screenshot: скриншот* снимок*
table: таблиц*
database: баз* бд
column: колонк* столб*
row: строк* запис*
query: запрос*
index: индекс*
schema: схем*
collection: коллекци*
duplicate: дублик* дубли*
key: ключ*
value: значени*
user: пользовател* юзер*
customer: клиент*
order: заказ*
payment: платеж* оплат*
invoice: счет* счёт* накладн*
project: проект*
team: команд*
member: участник*
calendar: календар*
meeting: встреч* совещани* созвон*
event: событи* мероприят*
free: свободн*
mail: почт* письм* мейл*
message: сообщени*
unread: непрочитанн*
inbox: входящи*
attachment: вложени*
draft: черновик*
channel: канал*
note: заметк*
container: контейнер*
image: образ*
service: сервис* служб*
server: сервер*
pod: под поды подов
deployment: деплоймент* деплоя развертыван*
production: продакшен* прод проде
log: лог логи логов логах
error: ошибк*
alert: алерт* оповещени* тревог*
firing: сработал* срабатыв*
incident: инцидент*
dashboard: дашборд* панел*
metric: метрик*
rate: частот* процент*
latency: задержк* латентн*
slow: медленн* тормоз*
pipeline: пайплайн*
job: джоб*
failed: упал* провал* неудачн* сломал*
flaky: нестабильн* флаки
running: запущен* работа* работает
stopped: остановлен*
status: статус* состояни*
progress: в_работе
history: истори*
author: автор*
line: строчк*
text: текст*
name: имя имени назван*
title: заголов*
label: метк* лейбл*
tag: тег* теги
time: врем*
result: результат*
permission: прав* доступ* разрешени*
answer: ответ
size: размер*
large: больш* крупн*
knowledge: знани*
design: дизайн* макет*
review: ревью* проверк*
component: компонент*
weather: погод*
contract: договор* контракт*
step: шаг*
on-call: дежур*
yes: да ага
thanks: спасибо
continue: продолжай дальше
hello: привет здравствуй*
please: пожалуйста
morning: утр*
afternoon: днём после_обеда
between: между
since: с_вчерашнего
only: только
problem: проблем*
cause: причин*
down: лежит упали
data: данн*
number: номер* количеств*
price: цен*
date: дат*
configuration: конфиг* настройк*
environment: окружени*
network: сет* сеть
password: парол*
account: аккаунт* учётн*
reminder: напоминан*
priority: приоритет*
description: описани*
assigned: назначенн*
unresolved: нерешенн* нерешённ*
discard: отбрось*
undo: откати* откат*
subscribe: подпиши*
approve: одобри* утверди*
temperature: температур*
"""
