"""Words of Hindi that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: का की के को में से पर है हैं हो ने यह वह ये वो कृपया तो भी एक सा सी ही रहे रही रहा करो करें कर
and: और फिर
then: उसके_बाद
or: या
with: के_साथ
for: के_लिए
about: के_बारे_में
my: मेरा मेरी मेरे मुझे
our: हमारा हमारे हमारी
which: कौन कौनसा कौन_सा कौन_से
what: क्या
who: किसने कौन किस
when: कब
where: कहाँ कहां
why: क्यों
how many: कितने कितनी कितना
how: कैसे
not: नहीं
all: सभी सब सारे
new: नया नयी नई नए
last: आखिरी पिछले पिछली हाल
first: पहली पहला पहले
next: अगला अगली अगले
old: पुराना पुरानी पुराने
open: खुला खुले खुली खोलो खोल
close: बंद
today: आज
tomorrow: कल_सुबह
yesterday: कल
now: अब अभी
week: हफ्ते हफ़्ते सप्ताह
month: महीने महीना
hour: घंटे घंटा
minute: मिनट
day: दिन
night: रात
monday: सोमवार
tuesday: मंगलवार
wednesday: बुधवार
thursday: गुरुवार
friday: शुक्रवार
show: दिखाओ दिखाइए दिखा दिखाएं
list: सूची लिस्ट
search: खोजो खोज ढूँढो ढूंढो ढूंढ
find: खोज_निकालो
create: बनाओ बना बनाइए
add: जोड़ो जोड़ डालो
delete: हटाओ हटा मिटाओ डिलीट
update: अपडेट
change: बदलो बदल
changes: बदलाव
rename: नाम_बदलो
move: ले_जाओ मूव
copy: कॉपी
send: भेजो भेज
post: पोस्ट
reply: जवाब उत्तर
read: पढ़ो पढ़
write: लिखो लिख लिखें
save: सेव सहेजो
run: चलाओ चला रन
start: शुरू चालू
stop: रोको रोक
restart: रीस्टार्ट दोबारा_शुरू
merge: मर्ज
compare: तुलना
difference: अंतर फर्क
check: जाँचो जांचो चेक
count: गिनो गिनती
assign: असाइन सौंपो
comment: टिप्पणी कमेंट
cancel: रद्द कैंसल
mute: म्यूट
click: क्लिक
fill: भरो भर
go: जाओ
get: लाओ दो ला
summarize: सारांश संक्षेप
explain: समझाओ समझा
tell: बताओ बता
remember: याद
book: बुक शेड्यूल
export: एक्सपोर्ट
import: इम्पोर्ट
download: डाउनलोड
upload: अपलोड
deploy: डिप्लॉय deploy
set: सेट
invite: बुलाओ आमंत्रित
fix: ठीक सुधारो
build: बिल्ड
test: टेस्ट
refactor: रिफैक्टर
simplify: आसान सरल
translate: अनुवाद
convert: बदलकर कन्वर्ट
use: इस्तेमाल उपयोग
function: फ़ंक्शन फंक्शन
class: क्लास
variable: वेरिएबल
code: कोड
module: मॉड्यूल
regex: regex
exception: एक्सेप्शन
readable: पढ़ने_लायक
issue: इशू टिकट मुद्दा मुद्दे
task: काम टास्क
bug: बग
pull request: पुल_रिक्वेस्ट
branch: ब्रांच शाखा
commit: कमिट
repository: रिपो रिपॉजिटरी
release: रिलीज़ रिलीज वर्ज़न
staged: स्टेज्ड
file: फाइल फ़ाइल
folder: फ़ोल्डर फोल्डर
document: दस्तावेज़ डॉक्यूमेंट
documentation: डॉक्यूमेंटेशन
page: पेज पृष्ठ
website: वेबसाइट साइट
browser: ब्राउज़र
button: बटन
form: फॉर्म फ़ॉर्म
link: लिंक
screenshot: स्क्रीनशॉट
table: टेबल तालिका
database: डेटाबेस
column: कॉलम
row: पंक्ति पंक्तियाँ रो
query: क्वेरी
index: इंडेक्स
schema: स्कीमा
collection: कलेक्शन
duplicate: डुप्लिकेट
key: कुंजी
value: मान
user: यूज़र यूजर उपयोगकर्ता
customer: ग्राहक
order: ऑर्डर
payment: भुगतान
invoice: बिल इनवॉइस
project: प्रोजेक्ट
team: टीम
member: सदस्य
calendar: कैलेंडर
meeting: मीटिंग बैठक
event: इवेंट कार्यक्रम
free: खाली फ्री
mail: मेल ईमेल
message: संदेश मैसेज
unread: अनपढ़े अपठित
inbox: इनबॉक्स
attachment: अटैचमेंट
draft: ड्राफ्ट
channel: चैनल
note: नोट नोट्स
container: कंटेनर
image: इमेज
service: सर्विस सेवा
server: सर्वर
pod: पॉड पॉड्स
deployment: डिप्लॉयमेंट deployments
production: प्रोडक्शन
log: लॉग लॉग्स
error: त्रुटि एरर गलती
alert: अलर्ट चेतावनी
firing: चालू_अलर्ट
incident: घटना
dashboard: डैशबोर्ड
metric: मेट्रिक
rate: दर
latency: लेटेंसी
slow: धीमी धीमा स्लो
pipeline: पाइपलाइन
job: जॉब
failed: फेल असफल
flaky: फ्लेकी
running: चल
stopped: बंद_पड़े रुके
status: स्थिति स्टेटस
progress: प्रगति
history: इतिहास
author: लेखक
line: लाइन
text: टेक्स्ट
name: नाम
title: शीर्षक
label: लेबल
tag: टैग
time: समय बजे टाइम
result: परिणाम
permission: अनुमति
answer: उत्तर
size: आकार साइज़
large: बड़ी बड़ा बड़े
knowledge: ज्ञान
design: डिज़ाइन
review: रिव्यू समीक्षा
component: कंपोनेंट
weather: मौसम
contract: अनुबंध
step: चरण
on-call: ऑनकॉल
yes: हाँ हां ठीक_है
thanks: धन्यवाद शुक्रिया
continue: जारी
hello: नमस्ते
please: कृपया
morning: सुबह
afternoon: दोपहर
between: के_बीच
since: के_बाद_से
only: सिर्फ केवल
problem: समस्या दिक्कत
cause: कारण वजह
down: डाउन बंद_हो
data: डेटा आंकड़े
number: संख्या नंबर
price: कीमत दाम
date: तारीख
configuration: कॉन्फ़िग सेटिंग
environment: एनवायरनमेंट
network: नेटवर्क
password: पासवर्ड
account: खाता अकाउंट
reminder: रिमाइंडर
priority: प्राथमिकता
description: विवरण
assigned: सौंपे असाइन_किए
unresolved: अनसुलझे
discard: छोड़_दो
undo: पूर्ववत
subscribe: सब्सक्राइब
approve: मंज़ूर स्वीकृत
temperature: तापमान
"""
