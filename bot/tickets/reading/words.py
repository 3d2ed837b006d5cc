"""
The words of labels, in the languages of the desks' own translations.

Phrases between bars, every language from a line of its own; `labels` compares them in lower case and without
accents. English, French, German, Spanish, Portuguese, Italian, Dutch, Danish and Norwegian, Swedish, Finnish,
Polish, Czech and Slovak, Hungarian, Turkish, Russian, Ukrainian, Greek, Hebrew, Arabic, Japanese, Korean,
Chinese, Vietnamese, Thai, Indonesian, Romanian, Bulgarian, Croatian and Serbian, Slovenian, Estonian,
Latvian, Lithuanian, Hindi.
"""

import re


def phrases(text: str) -> list[str]:
    """The phrases of one of these texts, in their order."""
    return [phrase for phrase in re.split(r"[|\n]", text) if phrase]


# Who asked. These come before whoever typed the ticket in.
REQUESTER = """
requester|requesters|requestor|requestors|customer|customers|client|clients|contact|contacts|caller
callers|visitor|visitors|end user|end-user|enduser|end users|contact person|client contact
customer contact|customer(s)|requester(s)|contact(s)
demandeur|demandeuse|demande par|demandeurs|client|cliente|clients|contact|appelant|visiteur|utilisateur final
anfragesteller|anfragestellerin|anfragende|anfragender|anforderer|antragsteller|kunde|kundin|kunden
kontakt|ansprechpartner|anrufer|besucher|endbenutzer|endkunde
solicitante|solicitantes|cliente|clientes|contacto|visitante|usuario final
contato|requerente|requisitante
richiedente|richiedenti|clienti|contatto|visitatore|utente finale
aanvrager|aanvragers|klant|klanten|contactpersoon|beller|bezoeker|eindgebruiker
anmoder|kunde|kunder|rekvirent|innmelder|foresporger|anmelder
begarande|kund|kunder|kundens|bestallare|bestaller|anmalare|kontaktperson
pyytaja|pyytajan|pyynnon tekija|asiakas|asiakkaan|asiakkaat|yhteyshenkilo
zglaszajacy|zglaszajacego|wnioskodawca|wnioskujacy|klient|klienta|klienci|osoba kontaktowa|zamawiajacy
zadatel|zadatele|zakaznik|zakaznika|klient|zadavatel|kontaktni osoba|ziadatel
kerelmezo|igenylo|ugyfel|ugyfelek|bejelento
talep eden|istekte bulunan|istek sahibi|talep sahibi|musteri|musterinin|musteriler|iletisim kisisi
автор запроса|заявитель|заявителя|инициатор запроса|инициатор|клиент|клиента|клиенты|заказчик|заказчика
контакт|запрашивающий|заявник|заявника|ініціатор запиту|клієнт|клієнта|замовник
αιτων|πελατης|πελατη|επαφη
מבקש|המבקש|מבקש הפנייה|לקוח|הלקוח|איש קשר|פונה|הפונה
مقدم الطلب|صاحب الطلب|العميل|للعميل|عميل|الزبون|للزبون|جهة الاتصال
依頼者|リクエスタ|リクエスター|リクエスト送信者|申請者|顧客|お客様|顧客名|問い合わせ者|お客さま
요청자|고객|의뢰인|신청자|문의자|연락처
请求者|請求者|请求人|请求方|客户|客戶|顾客|顧客|联系人|聯絡人|申请人|申請人|提单人
associated contact|associated contacts|ticket contact|customer contacts
người yêu cầu|người gửi yêu cầu|khách hàng|ผู้ขอ|ผู้ร้องขอ|ลูกค้า|pemohon|peminta|pelanggan|solicitant
заявител|клиент на|podnositelj zahtjeva|podnositelj|podnosilac zahteva|klijent|kupac|prosilec|vlagatelj
taotleja|klient|pieprasitajs|klients|pateikejas|prasytojas|klientas|अनुरोधकर्ता|ग्राहक|автор запиту|запитувач
sol licitant|sollicitant
"""

# For whom somebody else asked: of two that are named, nobody who only typed it in.
FOR_WHOM = """
requested for|on behalf of|behalf of|affected user|affected users|affected customer|affected customers
affected contact|affected employee|affected person|impacted user|impacted users|impacted customer
impacted customers|customer affected|user affected|beneficiary|demande pour|utilisateur concerne
client concerne|pour le compte de|au nom de|betroffener benutzer|betroffener kunde|betroffene person
im auftrag von|im namen von|usuario afectado|cliente afectado|solicitado para|en nombre de
utilizador afetado|usuario afetado|cliente afetado|em nome de|utente interessato|per conto di|a nome di
betrokken gebruiker|namens|pa vegne af|pa vegne av|w imieniu|от имени|受影响用户|対象ユーザー|대상 사용자
"""

# Who typed it in, or from whom it came.
SUBMITTER = """
reporter|reporters|submitter|submitters|sender|senders|from|created by|reported by|requested by
submitted by|opened by|raised by|message from|mail from|email from
rapporteur|expediteur|auteur de la demande|de|cree par|signale par|soumis par|ouvert par
melder|ersteller|einreicher|absender|von|erstellt von|gemeldet von|eingereicht von|eroffnet von
informador|remitente|creado por|reportado por|abierto por|informante
relator|remetente|criado por|aberto por|reportado por
segnalatore|mittente|da|creato da|segnalato da|aperto da
melder|indiener|afzender|van|aangemaakt door|gemeld door|ingediend door|geopend door
fra|afsender|avsender|oprettet af|opprettet av|indsendt af
fran|avsandare|skapad av|inskickad av|rapporterad av
lahettaja|luonut|ilmoittaja
od|nadawca|utworzone przez|utworzony przez|zgloszone przez|autor zgloszenia
odesilatel|odosielatel|vytvoril|nahlasil
felado|kuldo|letrehozta
gonderen|olusturan|kimden|bildiren
от|отправитель|от кого|создал|создано|создан|автор
від|відправник|створив|автор
απο|αποστολεας
מאת|שולח|נוצר על ידי
من|المرسل
差出人|送信者|送信元|報告者|作成者|起票者|投稿者
보낸 사람|보낸사람|작성자|제출자|보고자|등록자
发件人|寄件者|寄件人|提交者|创建者|建立者|报告人|提交人|创建人
từ|người gửi|จาก|ผู้ส่ง|dari|pengirim|expeditor|de la|подател|от кого|posiljatelj|posiljatelj|saatja|sutitajs
siuntejas|प्रेषक
"""

# An address, of whoever was named before.
EMAIL = """
email|emails|mail|mails|email address|email addresses|emailaddress|email id|email ids|address|mail address
work email|business email|user email|primary email|your email|your email address
courriel|adresse email|adresse mail|adresse courriel|adresse electronique|adresse de messagerie
email adresse|emailadresse|mailadresse|mail adresse
correo|correo electronico|direccion de correo|direccion de correo electronico|correo e
endereco de email|correio eletronico|email do usuario|endereco de correio eletronico
indirizzo email|indirizzo mail|posta elettronica|indirizzo di posta elettronica
emailadres|mailadres|email adres
epost|epostadresse|epostadress|e post
sahkoposti|sahkopostiosoite
adres email|adres mailowy|poczta
emailova adresa|mailova adresa
email cim|emailcim|email cime
eposta|eposta adresi|e posta|e posta adresi|e postasi|email adresi
почта|электронная почта|эл почта|адрес электронной почты|имейл|емейл
електронна пошта|пошта
ηλεκτρονικο ταχυδρομειο
דואל|אימייל|דואר אלקטרוני
البريد الإلكتروني|البريد الالكتروني|بريد إلكتروني
メール|メールアドレス|eメール|電子メール|メアド|ｅメール
이메일|메일|이메일 주소|전자우편|메일 주소
邮箱|电子邮件|电子邮箱|邮件|邮箱地址|邮件地址|電子郵件|電郵|信箱|电邮
địa chỉ email|thư điện tử|อีเมล|อีเมล์|alamat email|surel|adresa de email|adresa email|имейл адрес
adresa e poste|e adresa|e posti aadress|e pasts|epasts|el pastas|el pasto adresas|ईमेल|ईमेल पता
"""

# Anybody else.
SOMEBODY_ELSE = """
assigne|assignee|assigne a|agent|responsable|proprietaire|destinataire|cc|a|suiveur|abonne|attribue a
affecte a|observateur|gestionnaire|technicien|resolu par
bearbeiter|bearbeiterin|zugewiesen|zugewiesen an|zustandig|zustandiger|verantwortlich|verantwortlicher
mitarbeiter|agent|agentin|beauftragter|besitzer|inhaber|empfanger|an|kopie|follower|beobachter|betreuer
techniker|gelost von
asignado|asignada|asignado a|agente|responsable|propietario|destinatario|para|copia|seguidor|seguidores
encargado|tecnico|resuelto por
atribuido|atribuido a|responsavel|proprietario|destinatario|atendente|encarregado|resolvido por|seguidor
para
assegnato|assegnatario|assegnato a|incaricato|responsabile|proprietario|agente|destinatario|operatore
risolto da
toegewezen|toegewezen aan|medewerker|behandelaar|eigenaar|ontvanger|aan|volger|opgelost door
verantwoordelijke
tildelt|tildelt til|ansvarlig|agent|ejer|eier|modtager|mottaker|til|sagsbehandler|saksbehandler
tilldelad|tilldelad till|ansvarig|agare|handlaggare|mottagare|till
vastuuhenkilo|kasittelija|omistaja|vastaanottaja
przypisany|przypisany do|przypisane do|agent|wlasciciel|odbiorca|do|opiekun|osoba przypisana
rozwiazane przez|obserwujacy
prirazeno|prideleno|resitel|vlastnik|prijemce|komu|priradene|riesitel
felelos|hozzarendelve|cimzett|tulajdonos|ugyintezo
atanan|atanan kisi|temsilci|sorumlu|sahibi|alici|kime|bilgi|cozen
исполнитель|ответственный|назначено|назначен|агент|оператор|владелец|получатель|кому|копия|наблюдатель
куратор|менеджер|решил
виконавець|відповідальний|призначено|кому|одержувач|копія
εκδοχεας|αναθεση|υπευθυνος|προς
מוקצה|סוכן|אחראי|נמען|אל|נציג
المكلف|المسؤول|الوكيل|إلى|المعين
担当者|担当|割り当て先|アサイン|アサイニー|エージェント|所有者|宛先|フォロワー|受信者|対応者
담당자|상담원|배정|할당|소유자|받는 사람|받는사람|참조|수신자|팔로워|처리자
受理人|受托人|受託人|负责人|負責人|处理人|處理人|客服|指派|分配给|经办人|所有者|收件人|抄送|收件者|专员
người được phân công|người được giao|người phụ trách|nhân viên hỗ trợ|đến|tới|ผู้รับมอบหมาย|ผู้รับผิดชอบ|เจ้าหน้าที่|ถึง
penerima tugas|ditugaskan kepada|ditugaskan ke|petugas|agen|kepada|responsabil|atribuit|atribuit lui|către
изпълнител|отговорник|възложено на|до|dodijeljeno|dodijeljen|izvrsitelj|zaduzen|prima|dodeljeno|dodeljen
maaratud|vastutaja|saaja|pieskirts|atbildigais|kam|priskirta|atsakingas|असाइनी|एजेंट|प्रति
"""

# What the customer wrote: many lines, or one.
DESCRIPTION = """
description|descriptions|message|messages|comment|comments|body|content|contents|snippet|preview
transcript|question|questions|enquiry|inquiry|details|detail|notes|note|issue|problem|text|reply|feedback
request|query|conversation|excerpt|remarks|remark|additional information|additional info
additional comments|more information|more info|what happened|how can we help|reason|concern|complaint
response|update|review|bug|steps to reproduce|explanation|quote|original message|chat|idea|suggestion
message body|email body|mail body|info|information|steps|error|background|context
commentaire|commentaires|contenu|corps|texte|probleme|demande|remarque|remarques|reponse|precisions
details de la demande
beschreibung|nachricht|kommentar|kommentare|inhalt|frage|anliegen|anfrage|bemerkung|bemerkungen|notiz
notizen|hinweis|mitteilung|fehlerbeschreibung|antwort|ruckmeldung|einzelheiten|nachrichtentext
problembeschreibung|fehler
descripcion|mensaje|comentario|comentarios|contenido|cuerpo|texto|problema|consulta|pregunta|detalles
notas|nota|respuesta|solicitud|observaciones
descricao|mensagem|conteudo|corpo|pergunta|duvida|detalhes|observacao|observacoes|resposta|solicitacao
descrizione|messaggio|commento|commenti|contenuto|corpo|testo|domanda|dettagli|richiesta|risposta
osservazioni
beschrijving|omschrijving|bericht|opmerking|opmerkingen|inhoud|tekst|probleem|vraag|toelichting|verzoek
antwoord|reactie|notitie
beskrivelse|besked|kommentar|indhold|sporgsmal|melding|innhold|sporsmal|tekst
beskrivning|meddelande|innehall|fraga|arende
kuvaus|viesti|kommentti|sisalto|kysymys
opis|wiadomosc|komentarz|komentarze|tresc|pytanie|zgloszenie|uwagi|szczegoly|odpowiedz
popis|zprava|komentar|obsah|dotaz|otazka|sprava|poznamka
leiras|uzenet|megjegyzes|tartalom|kerdes
aciklama|mesaj|yorum|icerik|soru|sorun|detaylar|metin|talep|not
описание|сообщение|комментарий|комментарии|текст|содержание|вопрос|проблема|обращение|детали|подробности
примечание|ответ|запрос
опис|повідомлення|коментар|текст|питання|проблема
περιγραφη|μηνυμα|σχολιο
תיאור|הודעה|תגובה|תוכן|שאלה
الوصف|الرسالة|التعليق|رسالة|وصف|السؤال|المحتوى
説明|内容|本文|メッセージ|コメント|質問|お問い合わせ内容|問い合わせ内容|詳細|備考|ご質問|相談内容
설명|내용|메시지|댓글|본문|질문|문의 내용|문의내용|상세|비고|문의
描述|说明|說明|内容|內容|消息|訊息|留言|评论|正文|问题|問題|备注|備註|详情|问题描述|反馈
mô tả|nội dung|tin nhắn|คำอธิบาย|รายละเอียด|ข้อความ|deskripsi|pesan|keterangan|isi|descriere|mesaj|съобщение
poruka|sporocilo|kirjeldus|sonum|apraksts|zina|aprasymas|zinute|pranesimas|विवरण|संदेश
"""

TITLE = """
subject|title|summary|topic|ticket name|headline|heading|regarding|re|new ticket|new request
new conversation|new case|new message|new issue|new incident|new thread|ticket created|ticket updated
contact us|email us|mail us|write us|write to us|reach us|call us|get in touch|contact form
objet|sujet|titre|resume
betreff|thema|titel|zusammenfassung
asunto|titulo|tema|resumen
assunto|resumo
oggetto|titolo|riepilogo
onderwerp|samenvatting
emne|tittel
amne|rubrik
aihe|otsikko
temat|tytul
predmet|nazev|nazov
targy|cim
konu|baslik
тема|заголовок|название
θεμα|τιτλος
נושא|כותרת
الموضوع|العنوان
件名|タイトル|題名|表題
제목
主题|主題|标题|標題
chủ đề|tiêu đề|หัวข้อ|เรื่อง|perihal|judul|subiect|тема на|naslov|zadeva|teema|temats|tema|antraste|विषय
"""

# What is nobody: its value is one line, and the desk's words go on after it.
ATTRIBUTE = """
status|state|priority|severity|urgency|impact|type|category|subcategory|tag|tags|channel|source|pipeline
stage|queue|sla|due|due date|due by|date|time|created|created at|created on|updated|updated at|submitted
submitted at|submitted on|received|received at|opened|opened at|opened on|closed|number|id|ticket
ticket id|ticket number|case|case number|case id|incident|incident number|request id|key|issue key
issue type|project|product|plan|version|environment|location|country|city|region|language|locale|timezone
time zone|browser|os|operating system|device|platform|url|link|page|site|website|ip|ip address|phone
phone number|mobile|telephone|company|organization|organisation|account|account id|account name
customer id|user id|uid|userid|user|username|user name|name|full name|first name|last name|order
order number|order id|amount|score|rating|csat|brand|inbox|mailbox|group|team|department|form|event|action
attachments|attachment|referrer|lang|view|open ticket|inbox type|inbox name|conversation id|reference|ref
role|serial number|hostname|invoice|subscription|segment|vip|satisfaction|sentiment|last seen|signed up
issue number|service|contact type|office|store|shop|building|room|website url|sent
statut|priorite|etat|categorie|groupe|date de creation|cree le|organisation|entreprise|societe|nom|prenom
telephone|produit|numero|canal|etiquettes|langue|pays|marque|gravite|urgence|nom complet
prioritat|kategorie|gruppe|erstellt|erstellt am|organisation|firma|unternehmen|name|vorname|nachname
telefon|produkt|nummer|ticketnummer|kanal|schlagworter|sprache|land|marke|abteilung|dringlichkeit|typ
datum|kundennummer|rufnummer
estado|prioridad|categoria|grupo|creado|fecha|organizacion|empresa|nombre|apellido|telefono|producto
numero|etiquetas|idioma|pais|marca|departamento|tipo|urgencia
prioridade|criado em|data|organizacao|nome|sobrenome|telefone|produto|estado|categoria|urgencia
stato|priorita|gruppo|creato|creato il|organizzazione|azienda|cognome|telefono|prodotto|reparto
prioriteit|categorie|groep|aangemaakt|organisatie|bedrijf|naam|voornaam|achternaam|telefoon|afdeling|taal
aangemaakt op
prioritet|gruppe|virksomhed|navn|telefon|oprettet|opprettet|firma|avdeling|afdeling
prioritet|grupp|foretag|namn|skapad|avdelning
tila|prioriteetti|ryhma|nimi|yritys|puhelin
stan|priorytet|kategoria|grupa|utworzono|data|organizacja|firma|nazwa|imie|nazwisko|imie i nazwisko
telefon|produkt|numer|dzial|typ
stav|priorita|skupina|jmeno|spolecnost|meno
allapot|prioritas|csoport|nev|ceg|telefonszam
durum|oncelik|kategori|grup|tarih|sirket|ad|soyad|ad soyad|telefon|urun|numara|tur|kanal|oncelik duzeyi
статус|приоритет|категория|группа|создан|создано|дата|организация|компания|имя|фамилия|телефон|продукт
номер|тип|отдел|канал|язык|фио|номер заявки
статус|пріоритет|група|дата|організація|компанія|імя|телефон
κατασταση|προτεραιοτητα|ονομα|ομαδα
סטטוס|עדיפות|שם|קבוצה|חברה|טלפון
الحالة|الأولوية|الاسم|المجموعة|الشركة|الهاتف
ステータス|状態|優先度|カテゴリ|カテゴリー|種別|グループ|作成日|作成日時|会社名|会社|組織|氏名|名前|お名前
電話番号|製品|番号|チケット番号|チャネル|受付番号|日時|部署
상태|우선순위|카테고리|그룹|생성일|조직|회사|이름|성함|전화번호|제품|번호|티켓 번호|유형|날짜|부서|채널
状态|狀態|优先级|優先順序|优先順序|类别|類別|组|组别|创建时间|建立時間|组织|公司|姓名|名字|电话|產品|产品
编号|類型|类型|日期|部门|渠道|工单编号|工单号
trạng thái|mức độ ưu tiên|độ ưu tiên|tên|สถานะ|ลำดับความสำคัญ|ชื่อ|prioritas|nama|prioritate|stare
nume|име|naziv|ime|prednost|prioriteta|prioriteet|staatus|nimi|statuss|vards|prioritetas|busena|vardas|प्राथमिकता|स्थिति|नाम
"""

# Words that make a label somebody else's wherever they stand in it.
ELSE_WITHIN = """
assigned|assign|assignee|assignees|assignment|agent|agents|owner|owners|owned|cc|bcc|to|recipient
recipients|follower|followers|following|mailbox|mailboxes|inbox|inboxes|watcher|watchers|watching
collaborator|collaborators|manager|managers|approver|approvers|approved|supervisor|supervisors|team|teams
group|groups|queue|queues|department|departments|technician|technicians|operator|operators|rep|reps
representative|representatives|csm|csms|participant|participants|responder|responders|handled|resolved
solved|updated|closed|forwarded|escalated|delivered|via|brand|support|desk|bot|integration|colleague
colleagues|assistant|assistants|partner|partners|vendor|vendors|supplier|suppliers|invited|referred
referrer|engineer|engineers|executive|replied|reply|commented|new|old|previous|former|current|changed
billing|secondary|alternate|alternative|other|emergency|backup
"""

# Between the words of a label, and in front of it.
LITTLE = """
what|is|what's|whats|please|enter|provide|give|us|type|which|the|your|ihre|ihr|deine|votre|su|tu|sua|seu|uw|je|jouw|vas|twoj|of|for|and|a|an|de|del|della|dello|di|do
da|dos|das|du|des|der|die|den|dem|la|le|les|el|los|las|l|d|van|het|een|von|vom|и|og|och|ja|i|oraz|ve|y|e
et|und|en|o|s
"""

# The desk's own sentences: "New conversation from …", "Ticket was created by …".
SENTENCE = """
a|an|the|new|another|ticket|tickets|conversation|conversations|request|requests|message|email|mail|case
issue|inquiry|enquiry|question|chat|thread|incident|task|lead|form|submission|contact|support|help
customer|service|desk|was|has|been|is|received|created|opened|submitted|reported|raised|requested
started|incoming|you|have|got|we|came|in|just|via|web|to|it|following|details|below|with|as|follows
notification|alert|one|unassigned|open|this|your|high|low|normal|urgent|priority|neue|neues|neuer|anfrage
nachricht|wurde|erstellt|eingegangen|eroffnet|gemeldet|support-anfrage|nouveau|nouvelle|nouvel|demande
cree|recu|recue|ete|un|une|nuevo|nueva|solicitud|conversacion|mensaje|creado|creada|recibido|recibida
consulta|novo|nova|solicitacao|conversa|mensagem|chamado|criado|criada|recebido|recebida|aberto|nuovo
nuova|richiesta|conversazione|messaggio|creato|creata|ricevuto|ricevuta|nieuw|nieuwe|verzoek|gesprek
bericht|aanvraag|aangemaakt|ontvangen|melding|nowe|nowy|nowa|zgloszenie|wiadomosc|utworzone|utworzono
новый|новая|новое|запрос|заявка|тикет|обращение|сообщение|письмо|создан|создана|создано|получено|ny|nyt
sag|henvendelse|arende|besked
"""

# Of these, the ones that end no heading: below them whoever they mean may stand.
NO_HEADING = """
contact|support|help|customer|service|desk|to|via|by|email|mail|with|as|it|you|we|in|on|from|of|your|the
"""

# What comes in by forms; for desks themselves a response may be an agent's, so it begins no sentence.
ENTRIES = """
response|responses|entry|entries|survey|registration|application|reservation|signup
"""

# What people do at work, as titles say it; no customer's name has them.
AT_WORK = """
specialist|specialists|executive|consultant|consultants|advisor|adviser|expert|experts|analyst|coordinator
director|head|lead|leader|officer|admin|admins|administrator|author|reviewer|editor|driver|courier|seller
merchant|hero|coach|guide|worker|developer|designer|architect|trainer|clerk|rep|associate|intern|staff
employee|employees|member|members|success|onboarding|product|senior|junior|tier|level|sales|account|billing
accounts|finance|legal|hr|security|marketing|solutions|technical|office|president|ceo|cto|cfo|coo|cmo|vp|svp
founder|chief|secretary|dispatcher|moderator|buyer|landlord|tenant|patient|student|teacher|parent|guardian
company|organization|organisation|info|hello|contact|service|notify|notified|watching|reporter|requester
case|ticket|case worker|copied|copy|backup|primary|deputy|escalation|point|caller|sender
"""

# Right before the name and address in such a sentence.
CUES = """
from|created by|opened by|reported by|submitted by|raised by|requested by|by customer|started by
from customer|von|erstellt von|gemeldet von|eroffnet von|eingereicht von|de|cree par
ouvert par|soumis par|de la part de|creado por|abierto por|criado por|aberto por|da
da parte di|creato da|aperto da|van|aangemaakt door|ingediend door|gemeld door|od
utworzone przez|zgloszone przez|от|от клиента|fra|fran
"""

# In a sentence, right before somebody else.
CUES_ELSE = """
assigned to|forwarded to|assignee|agent|owner|cc|bcc|copied|copying|follower|followers|to|via|by|with|and
solved by|updated by|closed by|handled by|for|zugewiesen an|an|assigne a|asignado a|a|aan
"""

# Headers of mail, as mail programs write them: the sender's, and the others.
MAIL_FROM = """
from|von|de|da|van|fra|från|fran|od|od koho|lähettäjä|lahettaja|feladó|felado|kimden|gönderen|от|от кого
отправитель|від|від кого|απο|από|מאת|من|差出人|送信元|送信者|보낸 사람|보낸사람|发件人|寄件者|寄件人
發件人|expéditeur|absender|remitente|remetente|mittente|afzender|nadawca|odesílatel|avsändare|expeditor
de la|từ|จาก|dari|pengirim|saatja|प्रेषक|šalje|nuo|no|pošiljatelj
"""
MAIL_OTHERS = """
to|date|sent|subject|cc|reply-to|an|gesendet|datum|betreff|kopie|antwort an|à|a|pour|envoyé|objet
répondre à|para|enviado|enviado el|enviado em|enviada em|fecha|asunto|data|assunto|cópia|inviato|oggetto
aan|verzonden|onderwerp|til|sendt|dato|emne|till|skickat|ämne|do|wysłano|wysłane|temat|komu|předmět
odesláno|predmet|címzett|küldve|dátum|tárgy|vastaanottaja|lähetetty|päivämäärä|päiväys|aihe|kime|alıcı
tarih|gönderildi|konu|кому|дата|отправлено|тема|копия|надіслано|προς|ημερομηνία|θέμα|אל|תאריך|נושא|נשלח
إلى|التاريخ|الموضوع|تم الإرسال|宛先|日付|件名|送信日時|日時|받는 사람|받는사람|날짜|보낸 날짜|제목|보냄
收件人|收件者|日期|发送时间|發送時間|时间|主题|主題|主旨|抄送|către|dată|subiect|trimis
tới|đến|ngày|chủ đề|đã gửi|ถึง|วันที่|เรื่อง|kepada|tanggal|perihal|dikirim|до|изпратено|prima|predmet|poslano
saaja|kellele|teema|kuupäev|kam|datums|temats|tema|za|zadeva|प्रति|दिनांक|विषय
"""

# Beside each other, whom mail is from and to; or what was changed, from and to.
FROM = """
from|von|de|da|van|fra|fran|od|от|від|απο|od koho|από|sender|absender|mail from|email from|message from
"""
TO = """
to|an|a|para|aan|til|till|do|komu|кому|προς|nach|vers|naar|auf|en|на|к|recipient|recipients|empfanger
"""
# Beginnings of words that say that something was changed, or that mail went out.
CHANGES = """
chang|updat|modif|reassign|transfer|outbound|outgoing|field|geänder|aktualisier|feld|ausgehend|champ
mis à jour|cambi|actualiz|campo|saliente|alterad|alteraç|atualiz|aggiorn|gewijzigd|bijgewerkt|veld|uitgaand
ændr|endret|ändr|uppdater|zmien|zmian|aktualiz|изменен|обновл|исходящ|змінен|変更|更新|변경|更改|变更|變更
"""
# Whom mail to a desk goes to: nobody in person.
MAILBOXES = """
support|help|helpdesk|service|services|info|contact|hello|hi|care|customercare|customerservice|office|team
sales|billing|accounts|orders|feedback|tickets|ticket|desk|servicedesk|it|admin|mail|inbox|kontakt|hilfe
soporte|ayuda|suporte|assistance|aide|klantenservice|kundenservice|questions|ask|cs|success|community
"""

# Labels whose values no customer chooses.
DESKS_VALUES = """
status|state|priority|severity|ticket|ticket id|id|number|ticket number|case|case number|queue|channel|type
group|brand|assignee|assigned to|agent|sla|due
"""
# What no name has in it, and what begins a part of one in lower case.
NOT_IN_NAMES = """
to|via|by|cc|bcc|with|and|for|about|regarding|re|that|an|on
"""
PARTICLES = """
von|van|de|der|den|da|di|du|la|le|bin|al|el|dos|y|ten|ter|zu
"""
