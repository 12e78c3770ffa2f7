"""Words of French that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: le la les un une des du de il elle se ce cette cet ces que qui y a t ça s'il stp svp te plaît avec_moi donc bien
~: pour_moi l d s n c j qu suis sont été être fait faire leur leurs nous vous ils elles je tu moi toi si plus tous
~: est me m par dit on ont chez encore quelque ni
and: et
then: puis ensuite
or: ou
in: dans en au aux
from: depuis
to: à vers
with: avec
for: pour
about: sur à_propos
my: mon ma mes
our: notre nos
which: quel quelle quels quelles
what: quoi qu_est-ce_que
who: qui
when: quand
where: où
why: pourquoi
how many: combien
how: comment
not: pas
all: tous toutes tout toute
new: nouveau nouvelle nouveaux nouvelles
last: dernier dernière derniers dernières
first: premier première premiers premières
next: prochain* prochaine*
old: vieux vieille ancien*
open: ouvert* ouverts ouvre ouvrir
close: ferme fermer clôture* fermé*
today: aujourd'hui
tomorrow: demain
yesterday: hier
now: maintenant actuellement
week: semaine semaines
month: mois
hour: heure heures
minute: minute minutes
day: jour jours
night: nuit
monday: lundi
tuesday: mardi
wednesday: mercredi
thursday: jeudi
friday: vendredi
show: montre* affiche* voir
list: liste lister listez
search: cherche* recherche* rechercher
find: trouve* trouver retrouve*
create: crée* créer cree* créez
add: ajoute* ajouter
delete: supprime* supprimer efface*
update: mets_à_jour actualise* modifie*
change: change changer remplace*
changes: changements modifications
rename: renomme* renommer
move: déplace* déplacer
copy: copie* copier
send: envoie* envoyer
post: poste poster publie*
reply: réponds répondre répond*
read: lis lire
write: écris écrire rédige*
save: enregistre* sauvegarde*
run: exécute* exécuter lance* lancer
start: démarre* démarrer
stop: arrête* arrêter stoppe*
restart: redémarre* redémarrer relance*
merge: fusionne* fusionner merge
compare: compare* comparer
difference: différence* différences
check: vérifie* vérifier
count: compte* compter
assign: assigne* assigner attribue*
comment: commente* commentaire*
cancel: annule* annuler
mute: mets_en_sourdine
click: clique* cliquer
fill: remplis remplir
go: va aller ouvre_la
get: récupère* obtiens donne*
summarize: résume* résumer
explain: explique* expliquer
tell: dis dire
remember: souviens mémorise* retiens
book: réserve* planifie*
export: exporte* exporter
import: importe* importer
download: télécharge* télécharger
upload: téléverse* uploade*
deploy: déploie* déployer déploiement*
set: mets définis règle
invite: invite* inviter
fix: corrige* corriger répare*
build: construis compile* build
test: teste* tests test
refactor: refactorise* refactor
simplify: simplifie*
translate: traduis traduire
convert: convertis convertir
use: utilise*
function: fonction* méthode*
class: classe classes
variable: variable variables
code: code
module: module modules
regex: regex expression_régulière
exception: exception*
readable: lisible*
issue: ticket* anomalie*
task: tâche*
bug: bogue* bug*
pull request: demande_de_fusion demandes_de_fusion pull_request* PR
branch: branche*
commit: commit*
repository: dépôt* repo
release: version* release*
staged: indexé* stagé*
file: fichier*
folder: dossier* répertoire*
document: document*
documentation: documentation doc
page: page pages
website: site* site_web
browser: navigateur*
button: bouton*
form: formulaire*
link: lien* relie*
screenshot: capture_d'écran captures_d'écran capture*
table: table tables tableau
database: base_de_données bases_de_données base bdd
column: colonne*
row: ligne* enregistrement*
query: requête*
index: index
schema: schéma*
collection: collection*
duplicate: doublon* dupliqué*
key: clé* clef
value: valeur*
user: utilisateur*
customer: client clients
order: commande*
payment: paiement*
invoice: facture*
project: projet*
team: équipe*
member: membre*
calendar: calendrier* agenda*
meeting: réunion* rendez-vous rdv
event: événement* évènement*
free: libre* disponible*
mail: mail* courriel* e-mail* email
message: message*
unread: non_lu* non_lus
inbox: boîte_de_réception
attachment: pièce_jointe* pièces_jointe*
draft: brouillon*
channel: canal canaux
note: note notes
container: conteneur*
image: image* images
service: service* services
server: serveur*
pod: pod pods
deployment: déploiement*
production: production prod
log: log logs journal journaux
error: erreur* erreurs
alert: alerte*
firing: déclenché* en_cours
incident: incident*
dashboard: tableau_de_bord tableaus_de_bord dashboard*
metric: métrique*
rate: taux
latency: latence*
slow: lent* lente lents
pipeline: pipeline* chaîne
job: job jobs tâche_ci
failed: échoué* échec* planté*
flaky: instable* flaky
running: tourne* en_marche
stopped: arrêté* stoppé*
status: statut* état*
progress: cours_de_traitement
history: historique*
author: auteur*
line: ligne_n
text: texte*
name: nom noms
title: titre*
label: étiquette* label*
tag: tag* balise*
time: temps
result: résultat*
permission: permission* droit*
answer: réponse*
size: taille*
large: gros* grand*
knowledge: connaissance*
design: maquette* design
review: relecture* revue*
component: composant*
weather: météo
contract: contrat*
step: étape*
on-call: astreinte*
yes: oui ouais
thanks: merci
continue: continuez vas-y
hello: bonjour salut
please: s'il_te_plaît
morning: matin matinée
afternoon: après-midi
between: entre
since: depuis_hier
only: seulement uniquement
problem: problème* souci*
cause: cause* raison*
down: tombé* HS
data: données
number: nombre_de numéro*
price: prix
date: date_de
configuration: configuration* paramètre* réglage*
environment: environnement*
network: réseau*
password: mot_de_passe mots_de_passe
account: compte_de comptes
reminder: rappel*
priority: priorité*
description: description*
assigned: assigné* attribué*
unresolved: non_résolu*
discard: abandonne* jette
undo: annule_la défais
subscribe: abonne*
approve: approuve*
temperature: température*
"""
