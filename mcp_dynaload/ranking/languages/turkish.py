"""Words of Turkish that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: bir bu şu o mi mı mu mü lütfen da de ki şey daki deki taki teki den dan ten tan nin nın dir dır midir kadar olan
~: olarak ise
and: ve
then: sonra ardından
or: veya
from: dan den
for: için
about: hakkında
my: benim
our: bizim
which: hangi hangileri
what: ne nedir
who: kim kimin
when: ne_zaman
where: nerede
why: neden niye
how many: kaç
how: nasıl
not: değil
all: tüm bütün hepsi
new: yeni
last: son
first: ilk
next: sonraki gelecek
old: eski
open: açık aç açın
close: kapat*
today: bugün*
tomorrow: yarın*
yesterday: dün*
now: şimdi şu_an
week: hafta*
month: ay
hour: saat*
minute: dakika*
day: gün*
night: gece*
monday: pazartesi
tuesday: salı
wednesday: çarşamba
thursday: perşembe
friday: cuma
show: göster*
list: listele* liste
search: ara arama aratır
find: bul bulun bulur
create: oluştur* yarat*
add: ekle*
delete: sil silin kaldır*
update: güncelle*
change: değiştir*
changes: değişiklik*
rename: yeniden_adlandır*
move: taşı*
copy: kopyala*
send: gönder* yolla*
post: paylaş*
reply: yanıtla* cevapla*
read: oku*
write: yaz yazın
save: kaydet*
run: çalıştır*
start: başlat*
stop: durdur*
restart: yeniden_başlat*
merge: birleştir*
compare: karşılaştır*
difference: fark farkı farkını
check: kontrol_et kontrol*
count: say sayısı
assign: ata atanmış atan
comment: yorum*
cancel: iptal*
mute: sustur* sessize*
click: tıkla*
fill: doldur*
go: git gidin
get: getir* al ver
summarize: özetle*
explain: açıkla*
tell: söyle*
remember: hatırla* unutma
book: ayarla planla* ayır
export: dışa_aktar*
import: içe_aktar*
download: indir*
upload: yükle*
deploy: deploy* dağıt*
set: ayarla
invite: davet*
fix: düzelt*
build: derle* build
test: test*
refactor: refaktör*
simplify: basitleştir* sadeleştir*
translate: çevir*
convert: dönüştür*
use: kullan*
function: fonksiyon* metod*
class: sınıf*
variable: değişken*
code: kod koddaki kodda
module: modül*
regex: regex
exception: istisna*
readable: okunur okunaklı
issue: sorun_kaydı issue* bilet* kayıt
task: görev*
bug: bug* hata_kaydı
pull request: çekme_isteği PR
branch: dal dalı dalını dallar* branch*
commit: commit* işle
repository: depo deposu* repo*
release: sürüm* release*
staged: hazırlanan stage*
file: dosya*
folder: klasör* dizin*
document: belge* doküman*
documentation: dokümantasyon* belgeler*
page: sayfa*
website: site* web_site*
browser: tarayıcı*
button: düğme* buton*
form: form*
link: bağlantı* bağla
screenshot: ekran_görüntüsü ekran*
table: tablo*
database: veritaban* veri_taban*
column: sütun* kolon*
row: satır*
query: sorgu*
index: indeks* dizin_i
schema: şema*
collection: koleksiyon*
duplicate: yinelenen* çift_kayıt kopya
key: anahtar*
value: değer*
user: kullanıcı*
customer: müşteri*
order: sipariş*
payment: ödeme*
invoice: fatura*
project: proje*
team: takım* ekip*
member: üye*
calendar: takvim*
meeting: toplantı*
event: etkinlik* randevu*
free: boş müsait*
mail: e-posta* posta mail*
message: mesaj*
unread: okunmamış*
inbox: gelen_kutusu*
attachment: ek_dosya ekler*
draft: taslak*
channel: kanal*
note: not notlar* notu
container: konteyner* kapsayıcı*
image: imaj*
service: servis* hizmet*
server: sunucu*
pod: pod*
deployment: dağıtım* deployment*
production: canlı üretim prod
log: log* günlük*
error: hata*
alert: uyarı* alarm*
firing: tetiklen* çalan
incident: olay*
dashboard: gösterge_panel* panel* pano
metric: metrik*
rate: oran*
latency: gecikme*
slow: yavaş*
pipeline: pipeline* boru_hattı
job: iş işi job*
failed: başarısız* bozul*
flaky: kararsız* flaky
running: çalışan* çalışıyor
stopped: durmuş* durdurul*
status: durum*
progress: devam_ediyor
history: geçmiş*
author: yazar*
line: satır_no
text: metin*
name: ad adı isim*
title: başlık*
label: etiket*
tag: tag*
time: saat_kaç zaman*
result: sonuç*
permission: izin* yetki*
answer: cevap*
size: boyut*
large: büyük*
knowledge: bilgi*
design: tasarım*
review: incele* gözden*
component: bileşen*
weather: hava*
contract: sözleşme*
step: adım*
on-call: nöbet*
yes: evet tamam
thanks: teşekkür* sağol
continue: devam
hello: merhaba selam
please: lütfen
morning: sabah*
afternoon: öğleden_sonra
between: arasındaki arasında
since: beri
only: sadece yalnızca
problem: sorun*
cause: neden_i sebep*
down: çöktü çökmüş
data: veri verileri veriler*
number: sayı* numara*
price: fiyat*
date: tarih*
configuration: yapılandırma* ayarlar*
environment: ortam*
network: ağ ağı
password: şifre* parola*
account: hesap hesab*
reminder: hatırlatıcı*
priority: öncelik*
description: açıklama_sı
assigned: atanan atanmış
unresolved: çözülmemiş*
discard: vazgeç* at_gitsin
undo: geri_al*
subscribe: abone*
approve: onayla*
temperature: sıcaklık*
"""
