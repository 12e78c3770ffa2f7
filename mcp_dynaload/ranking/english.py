"""Common words of English that differ from others by a letter or two, by `research/pack_english.py`."""

ENGLISH = """
abil absenc absent abstract abus academ academi academia accent accept accident accur accus ach acid acquit acr act
acton acut adapt addict addit adept administ administr admir admit adopt adriat adventist advic advis advisor advisori
advoc africa african afrikaan age agenc agent agil aground agustin ahm ahmad aid aim aime air airtabl akron alban
albania albeit albert alberta alberto alert alexandr alexandra alia alic alien align alik aliv allah allan alleg allegi
allen allerg alley allig alloc allot alloy almighti alon along altar alter altern altitud alton amen america american
americana among amor ampl amus analys analyst anchorag ander andersen andersson andrea andrei andrew andrey angel angela
angelica angelo anger angi angl anglo anim ankl annal anoth ansibl anson antoin anton antoni antonia anwar anyon anyth
apic appal appar appeal appear appel appendix appl applianc approx apron arabian arbor archeolog archi architect area
arena argent argentin argentina argus aria arm armament armenia armenian armi armori armour arrog articul artifact asana
ascent asean ash asiat assam assent asset assort assum assur assyrian aston astor astronom athena athenian atlant
atlanta atlanti atol attach attack attend attende attent attest attitud auction audit augusta augustin augusto augustus
austen australia australian austria austrian authoris authorit autom automot autonomi aveng awak awar award awok
azerbaijani babi backend backyard bacon bacteri bacteria badg baird bake bakeri ball ballet ballot ballroom ban band
banda bang bangladeshi bank banker baptis baptism bar barb barbarian barbi bare barg bark barker barley barn barnard
barnet baro baron baronetci baroni barr barren barrio barron barton basel basha basi basil basin basketbal bat batch
bate bath baton batsman batter battista battl bauer bautista bayer be beach bead beal beam bean bear beard beast beat
beatl beatti becam bedsid beech beer befriend beg began begun behavior behaviour beig belief believ bell bella belli
belt bench bend benedict benefici bengali benin bequeath bernardo bernhard berri berth berti bet betsi beyonc bibl bid
bigqueri biker bill billi bind biograph birch bird bishopr bitbucket bite bitten bitter black blade blain blake blame
blanc blanch bland blank blast blaze bleak bleed blend blind blink block blockchain blond blood bloodi bloom blown blur
blush boast boat bob boe boil bolt bolton bond bone boom boon boost boot booth bore bori born bosnian bother bottl
bought bounc bound bourn bout bow bowi bowl boyl brace braid brain brake brand brandi brandt brant brasil braun brave
breach bread breadth break breast breed breez brest brian bribe bride bridg brief brien brigad brigadi brigg brighten
brighter brighton brillianc bring brink brisk brittani broad brock brodi broke broken broker bronx brood brook broom
brothel brother brought broughton brow bruin brute bryan bryant bryce buck buddhism budg buena buick bulg bulgaria
bulgarian bull bullet bulletin bulli bunch buren buri burk burn burnt burrough burton busch buse bush busi businessmen
bust butch butter button buy byrn byron cabl cach cafe cage cain cake calculus calderon calli calm calv cambrian
cameroon campo canadian canadien cancer candi candid candl canin cann cannon cano canon canton cantones cantor canyon
cap capit capita car carbon card care career carey cargo carla carlo carlson carmin carol carolin carolina carolyn
carrol carson cart cartel carter cartridg carv carver casey cast castil castl casualti catalina categor cater catholic
cattl causal cautious cavali cave cecil cede ceil celin cell cellar cello cent center centr centro ceram cerebr
certainti certif certifi chain chair champ champagn champaign chanc chancel chant chaplain chapter char character
characteris charg charger charit charl charli charlton charm chart charter chase chassi chat chatbot chatter cheat cheek
chees chef cheng chess chest chiang chiba chick child chile chili chill chime ching choic choir choke chong chop chopper
chore chose chosen chris christ christi christian christin christina christma chronic chuck chuckl chung chunk churchil
cindi cinemat circa circl circul circular circumst circus cite citi civic civil claim clair clamp clan clara clare clari
clarinet clariti clark clarkson clash clasp classic classif classifi claud claus cleans clerk clickup clifton climax
clinch clint clip cloak clock clone closer closest closet closur cloud cloudflar cloudi clover clown clube clue coach
coars coast coat cock codex coher coil coin colin collabor collarbon collater colleagu collector colleg collegi collid
collieri collin collis colombia colombian colon colonist color colour colt colton columbia columbian columbus columnist
come comed comedian comet commando commenc commend commerc commerci committe commod commot communal communic communion
communism communist communiti commut companion comparison compart compassion compat compel compet competit competitor
complain complex compli complianc compon compos composit composur compound comprehend compress compromis compton comt
concentr concept conceptu concern concert concerto conclud conclus concours concret condo condor conductor cone confeder
confid confin conflict confluenc conform congenit congest congress congressman conic conjunct connacht connector conner
conor conquest consecut consent consider consolid conson conspicu constabl constanc constant constantin constitu
constitut constrain constraint construct consul consular consumpt contact contamin contempt contend contenti contest
contigu contin continent conting continuum contract contractor contractu contradict contrari contrast contributor
convect conven conveni convent converg convers convey cook cooki cooler cooper cope copper corbin cord core cornel corp
corps cort cosmic cost costa couch cough coulter counselor countess counti countri coup cours court coven covent
coventri covert covet cramp crank crater craze creak cream creami creation creator creatur creditor creed creek creep
cremat crept crest cri crimea crise crisp cristina criterion criticis croat croatia croatian croft crook crop crouch
crow crowd crown crush cum cun cup cur cure curios curl currenc curri curs curtain curv curvatur custer cylindr cyrus
daemon dagger dairi daisi dalla damon danc dancer dane danger daniela daniell danni dant darbi dare dark darken darl
dart daryl datadog dataset davi david dawn daze dead deal dealt death debat debbi debri debt debut decad decay deceas
decent decid decidu decim decis declan decre dedic deed deepen deeper defect defenc defend defens deficit degre deleg
delic delici deliv deliveri dell della delta demis demo democraci democrat demon demot deni denim denis denni denot dens
departur deplet deport depos depot depriv depth deriv derri descend descent desert deserv desper despis dessert destini
destruct detain detector detent deton devic devil devin devis devlin devon devot devote devout diabet diagon dial dian
die dietrich difficult difficulti dig dim dine diner diocesan dip diploma diplomaci diplomat director disastr disco
discord discours discus dismantl displac disposit dissolut distanc distant distinct distract distribut distributor
district distrust ditch dive diver divert divid divin divis docker dolor domain dome domin dominion domino doneg donni
donor doom dope dori dorothea dose doubl doubt douglass dragoon drain drama dramat drank drape drawn dread drift drink
drip drive driven driver drone dropbox drove drown drug drum drunk dune duran dusti dustin dynamo earl earliest earnest
eas easter eater eaton eclect econom economi economist edict edith editor editori edmond eduard efficaci eighteenth
eighth eighti eject elast elect elector electr electro electrod electron eleg eleventh elgin elia elig eliot elis
elisabeth elit elliot elmer elsi elv elvi emeri emil emilia emilio emir emit emoji emphas employ employe empress enact
endur enrag ensu enter entir entireti entiti entitl entourag envoy equal equat erect ernesto ernst eros erot erron erwin
escal essen etern ethic ethnic euro europa evacu evad evan event eventu everton excel excerpt exclud exclus excurs excus
exit exot expand expans expel expens experi experienc experiment expert expertis expir explod explor explos expos extant
extend extens extent fabl face facial facil fact faction facto factor factori fade faeri fair fairi fall fallon falter
fame familiar fanci fanni fantasia fantast fare farm farmer farmhous farther fasten faster fate father faulti faust
favor favorit favour favourit fear feast feather feder federico feed feeder feel felic felip fellow fender feral
fernandez fetal fever fewer fianc fieri fifteenth fifth fifti fight figma filli film financ financi finer finish finnish
fire firebas firefight firewal firm firmwar firth fischer fish fisheri fist fit fitch flair flame flank flap flare flash
flat flavor flavour flaw flee fleme flesh fli flight flint flip flood floor flop floral flore flour flown floyd fluoresc
flush fold folk folli fontain food fool foot forb forc forecast foremost forestri forew foreword forg forget forgiven
forgot fork form formal former formul forrest forster fort forth forti fortif forum foster found fourteenth fourth fox
fraction frail frame franc francai francais francesca francesco franchis franci franciscan franco francoi francois frank
franki franz freder freed freighter frequenc frequent fresh freud fri friction fright frighten front frontend frost
froze fuel fund fungi funki furri gabriell gain galeri game gamer gang gape garbag gard gardin gase gate gavin gaze gear
gene genera general genet geni genius genr geographi georgi georgia georgian georgina geraldin gerard germain german
germani giant gibbon gigant gild gile gill gitea github gitlab given gland glass glaze gloria gloss glove glow goat goos
goran gorg gorman governor grace graci grade grader gradi gradual graduat grafana graffiti grain gram grammat grand
grandfath grandmoth grang granit grant grape grasp grass grassi grate grave gravel gravit graze greas greatest greav
greec greed greek green greer greet gregor gregorian greta griffith grim grin grind grip grit groan groin gross grove
grover grow growl grown grunt guess guest guid guido guild guilt guilti guin guis habsburg hade hagen hail hairi halfway
hall hallway halt halv hamper hand handel handi hang hanna har harald harbor harbour harcourt hard harden harder hardi
hardin harley harm harmon harmonica harper harri hashtag hast hatr haul haunt haven hawaiian hay head heal healer heali
health healthi hear heard hearst heart hearth heat heath heav heaven hector heel heighten heir helena hellen heller
henrik hepat herb herd herm hermitag heron hide hike hill hilli hindi hindu hindus hindw hine hing hint hire histoir
histor histori historia historian hit hitter hoars hoist holden holder hole holi holloway holm home homeland homer homm
honesti honor honour hood hop hope hord horizon horizont horn hors horst hospic hostel houghton hour hous howel huang
hubspot hug huge hugh humour hunan hungari hungarian hunger hungri hunter hurri hurt hush iceland ideal ident identif
identifi idol illustri immort imper impos imposs improp improvis inact incens incent incid inclus incur inde indi india
indian indiana indic indict indira indonesia indonesian induc ineffect inevit infect infecti infer inferior influenc
influenti influenza inher inhibit inject injur injuri inland inner innoc innov inquir inquisit insect inspect instabl
instant instinct instituto instruct instructor insul insur insurg integr intel intellect intend intens intent inter
interact intercept intercom interfer interior intern internat internet internment interpret interrog intersect interstat
interval interven intervent introduc introduct inuit invad invas invent inventor inventori inver invert invest investig
investor invis invit isl island ital italia italiana jaim jakob jalan jam jamaican jame jami jare jason javanes jealousi
jeann jen jenk jenkin jenna jenni jennif jeremiah jess jessi jesus jingl joann jog johan johanna johansson john johnston
join joint joke jona jonni josephin juda judgement juici jule juli julia julian juliana julien julio juri justic justif
justin kafka kamen karel karin katharin kathi keller kelvin kenji kenyan kernel keyn kid kilomet kilometr kinda king
kneel knick knit knive knot knowl known korea korean labor labour lace lack lahor lake laker lanc land landon lane lang
lankan lans laptop laser lash late latin latino latter laud laughter launch launcher laurenc lauri law lawyer layer lead
leaf leak lean leap leapt leari learnt leas leash ledg leed leg leighton leinster lend lengthi lens leon leonardo
leopard lesion lester let leung lever lexi leyt libbi libel liber libr librarian licenc lick lie lieg lift light lightn
like liken lineag linear linen liner linger lister liszt liter literaci literari lithuanian litr litter live liver load
loan lobe locat lock lodg logo lone longev loom loos loot lord lose loser loss loud lough loui louie louis louisa loung
lover lowel lower loyal lucan lucha luci lucia luka lunch lung lurch lutheran lynch lyndon lyon macdonald macon mad
mafia magician magna magnat magnum maid mainland maintain mainz maison maitland maiz majest major maker malaysian male
malic mall malon man mandal mandi manfr manga mango mania manifest manni manor manson manual manuel maori mapl mar
marcel march marcia marco marek marg margarita margin mari maria marian mariana marin marina marino mario marion marit
marius marker marko markus marlin marlon marn maroon marri marsh marta marti martian martin martina martinez martini
marvin maryland mask mass massag massif master masteri mate mater matern mathew matric matteo matter maximus mayer
mayfield mayor mead meal meant medal media medial median mediat medic medici medina medit megan mele melod melt memoir
memor mend mental mercer merchant mere meridian merri mess metal meteor meter methan meti metr metro meyer michael
michel michell micro migrant milano mild mile mileston mill milli miln milo mina mind mine miner miniseri ministeri
ministri minor minus miracul miser missi mistaken mister mitch mitchel mix mixer moan moder modern modif mohammad moin
moist momentum monasteri mond mongo monik monk monkey monsieur mont montan month monti monument mood moon moor moos
moral moran moroccan morri mors mortal mortar mose mosh most motel moth motor mound mount mountain mourn mouth movement
movi muller multin multiplay multipli munro munster mural muse musica musik muster mutter myle mysql nacion naiv nake
nanni napl narrowli nasal natal nation national neat necessari necessarili needi needl neighbor neighbour neighbourhood
nelli nepali nest net netlifi neural newer newscast newtown nginx nich nichol nichola nicol nicola niec nigerian
nightfal nikola nineteen nobel nobil node noisi nomin nomine norma normal norman normandi nors nort north northeast
northeastern northwest northwestern nose notch noth notif notion notr novic numer occup occupi occur occurr odd offenc
offend offic offici older oldi oliveira olivi opera operat opin oppon oppos optim orchestr ordin organic organis
organism organist organiz orthodoxi orthogon oskar otter over overcam overhaul overhead overheard overse overseen owe
owen pablo pace pack packer packet pad padr pagerduti paig pain paint painter pajama pakistan pakistani palai paler
palma panick panorama pant panti paolo parad paradigm parapet parent pari parisian park parker parma parol parri parson
partial particip particl partisan partit pastur pat patch patel patent patern paterson patienc patient patric patricia
patrol patron patronag patterson patti patton paula paus pave pavel pavement pay payn payrol peac peach peak pearc
pearson peasant peek peer peninsular penultim percentag percept perch perci perciv perish perrin persecut persia persona
perspect peruvian peterson petrol petti phase phenomena philip philipp philli phillip philosoph philosophi phonet
photograph photographi photon phrase physicist pick picket piec pier pierc pierr pieter pill pin pinch pinecon piper
piston pit pitch pivot plagu plaid plain plane planet plank plant plata plate plato platt player playstat plea plead
plot plugin plush poem poet poison poker polic polici polit poll pond ponder pool poor populac porsch port portabl
portag portland porto portrait pose poss postal poster postgr potent potion potter pouch pour powder powel power practis
pray prayer precious predomin prefect pregnanc pregnant premis presenc present prestig prevent price prick pride prima
primarili primat prime princ princess princip principl printer priori prison prize probe problemat processor proclam
profess profession professor profil profit profound programm progress projectil prometheus promin promo promot prompt
prone pronoun pronunci propel propon proposit prose prosecut prospect prosper protect protector protest proto prove
proven provenc provinc provinci provis prowess proxi psalm pud pull puls punjabi purdu pure purs pursu pursuant qualif
qualifi qualiti quantiti quarter quartet queer quilt quota rabbit race racer rack radial radian radiant radic radio
radioact rag rage raid raider rail rain rake rancho rank ransom rare rate ratif ratio ration ravin reach reactor readi
realis realm reaper rear rearview reassign rebuild recal receipt recent recept receptor recip recognis recognit recogniz
recov recreat rector recur red reddi redesign redi reduc reduct reel reelect reev refere referenc refug refuge refus
regain regal regent regi regist registr registrar registri reich reign rein relax relay releg relev reli relic relief
reliev religion reluct remad remain remaind remak remembr remind remot renal render rene renov rent repay repeal
repertoir replay replic repress repris resent residu resign resin resist resolut reson resort respond restrain restraint
retail retain retali retent retort retreat reus revel reveng revenu rever revers revis reviv revolt revolut revolv
reward rhone rhythmic ricki ride rider ridg ridley rig ring ringo riot ripley rise risen risk rite river rivera roach
road roam roar rob robber robbi robbin robe roberta roberto robot robyn roch rock rocker rocki rodger roger rohan role
roll roman romanc romani romania romanian romano romant ronan ronin roof rooki room rooster root rope rose rot roug rous
rout rover rowan rower rowland rub rubin rufus rug ruin ruler runaway runbook rune rush russia russian rusti rustl ryder
sabah sabl sabr sach sack sad sadi safe safer sag sale salem sall salli salon salt salti salut salvag sampson sanction
sand sandal sandbox sandi sanford sanit sanitari santo satin satir saudi saxoni say scala scalp scar scarc scare scarf
scari scene scent scheme scholast schooner scientif scientist scoot score scorer scot scott scout scream scriptur
sculptor seal sear seat seattl sebastien secretariat sediment seed seek seem sein selector sell seminar senat sensat
sensit sensor sentri seoul sequenti serb serbia serbian seren serg sergeant seri serra serv settl seventeenth seventi
sever severn sew sewer sex shack shade shadi shadowi shaft shake shaken shaki shale shallow shame shane shang shape
shard shark sharp shatter shave shawn shear shed sheen sheep sheer sheet shelf shell shelli shelv shetland shift shill
shine shini ship shire shirt shock shoe shone shook shoot shooter shop shopifi shore shorelin shorten shortest shot
shoulder shout shove shovel shown shrine shrink shrub shut sick sidney sieg sigh sight signag signifi sikh silenc silent
silki silli silveri simeon simmon simpli simplic simul simultan sinc sincer sindh sing singh sink sip sire sit site
sixteenth sixth sixti skate skater skill skim skin skip skirt skull sky slab slack slade slain slap slate slave sleek
sleep sleepi sleev slept slice slick slide slight sling slip slit slope slot slow slower slung smack smallest smart
smear smell smiley smoke smoki smyth snack snail snake sneak sneaker sneer snort snout snowflak snuck soar sob socialist
societ sock sofi soft soil sole solo somethin somewhat somewher sonar song sonia sooth sophi sophia sorcer southeast
southeastern southend southwest southwestern spade spain span spaniard spare spark spars spawn spear speci specialis
specialist specialti spectacl spectral speed speedi spell spenc spend spent spi spice spici spike spill spin spine spire
spirit spiritu spit spite splunk spokan spoke spoken spong spore sport spot sprang spreadsheet spring springer sprint
sprinter sprung squad squar squat squid squir stab stabil stabl staci stade stadion staf staff stafford stage stain
stair stake stale stalin stalk stall stallion stamford stanc stanford stapl star starbuck stare stark starr startl starv
stat staten statu statur statut stay steadili steak steal steam steel steep steer stefano stein stem stephan stephani
stepp sterl steve steven stevi steward stick sticki stiff still sting stink stint stir stitch stock stoke stole stomp
stone stoni stool storey stori storm stormi stout stove straighten strain strand strang stranger strangl strap strateg
strategi stratford stray streak stream strengthen stricken strict stride strife strike striker stripe strive strode
stroke strong stronger strongest struck strung stuart stubbl stuck studi studio stuf stuff stun stung stunt sturdi
submarin subspeci substanc substant substanti subt suburban successor suck sudan suit summari summer summit sumner
sunlight supabas superb supervisor supper supplier surf surfer surg surrey surround survey surveyor survivor suspend
suspens suspicion swallow swap sway swear sweat sweati sweep sweet sweeti swell swept swing swore sworn swung symphon
syria syriac syrian systemat tail tailor taiwanes taken tale talk taluk tammi tan tank tap tape tast tax taxi tear teas
techniqu teen teeth telegram temp tempo temporari temporarili tempt tend tenor tens tensor tent tenth tenur terminus
terr terra terraform terrif texa texan thame thatcher theater theatr theatric theorem theoret theorist therapist
thereaft thick thirsti thirteenth thomson thong threat threaten threw throat throb throw thrown thrust thump thursday
tick ticker tide tie tighter tile tilt timelin timer timestamp timet timmi ting tint tip tire toast toler toma tonga
tonic tonn topic torch torr touch tough tourism tourist tow towel toxic trace tracey traci tract trade trader traffick
trail train traine trainer trait tram tran tranc transact transform transient translat translit transluc transmit
transmitt transpar transplant transport transvers trap traver treacher tread treasur treasuri treat treati treatis tree
trello tremor trend trent triad trial tribal tribun trick tricki trickl trim trip tripl troi tropic trough troup truce
truck trunk truss trust truste tuck tug ture turin turk twain twig twilio typic tyre uncertainti under understood
undertook underwat underway underwood undon unfit unif unifi unison uniti universal universit unpredict unusu uptim
urbana usabl usher vacanc vacat vagu valencia valiant vall valv varianc variant variat vector vedic venezuelan vent
ventura venus verb vercel verd verg versa verv vicent victor victori victoria victorian vidal vietnames viktor vill
villa villag vime vincenzo viola violat violenc violent violet viral virgil virginia vittorio vocat volley volta vote
voter wage wagner waist waiter waiv wake wale walker wall waller walli walsh walter wander want war ward warden warm
warmer warp warrington warship wash wasp wast watch water wateri watt wave wayn weak wealth wealthi weaponri weari weav
webcam webflow webhook wedg weed weep weigh weight welch weld werner whale whatsoev wherev whimper white whitley wide
widen wider widget widow wiener wight wild wilder wilk will willi wilmington wilton win winc wind windi window wine wing
winger wink winner winter wipe wire wish wit witch withdraw withdrawn withdrew wive woken wolf woman women wood woodi
workflow workshop worm wors worst worthi woven wrestler wright wrist writer writh wrote yearn youngest yourselv yugoslav
zendesk zheng zoom
"""
"""Stems, as `terms.prose_terms` makes them, without those of the lists in `words`."""
