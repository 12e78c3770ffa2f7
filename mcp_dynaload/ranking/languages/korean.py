"""Words of Korean that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: 좀 을 를 이 가 은 는 의 에 에서 으로 로 해줘 해주세요 주세요 줘 이것 그것 저 있는 있나요 있어 하는
and: 그리고 하고
then: 그다음 그러고
or: 또는
about: 대한 관해
my: 내 나의 제
our: 우리
which: 어떤 어느
what: 뭐 무엇 무슨
who: 누가 누구
when: 언제
where: 어디
why: 왜
how many: 몇 얼마나
how: 어떻게
not: 안
all: 모든 모두 전부
new: 새 새로운
last: 최근 마지막
first: 첫 처음
next: 다음
old: 오래된
open: 열린 열어 열려
close: 닫아 닫힌
today: 오늘
tomorrow: 내일
yesterday: 어제
now: 지금 현재
week: 이번주 주
month: 달
hour: 시간
minute: 분
day: 일
night: 밤
monday: 월요일
tuesday: 화요일
wednesday: 수요일
thursday: 목요일
friday: 금요일
show: 보여* 보여줘
list: 목록* 나열*
search: 검색* 찾아*
find: 찾*
create: 만들* 생성*
add: 추가*
delete: 삭제* 지워*
update: 업데이트* 갱신*
change: 변경* 바꿔*
changes: 변경사항* 변경점
rename: 이름을_바꿔 이름변경
move: 옮겨* 이동*
copy: 복사*
send: 보내*
post: 올려* 게시*
reply: 답장* 회신*
read: 읽어*
write: 써줘 작성* 써
save: 저장*
run: 실행* 돌려*
start: 시작* 켜
stop: 중지* 멈춰* 정지*
restart: 재시작*
merge: 병합* 머지*
compare: 비교*
difference: 차이* 차이점
check: 확인* 점검*
count: 세어* 개수
assign: 할당* 배정*
comment: 댓글* 코멘트* 주석
cancel: 취소*
mute: 음소거*
click: 클릭* 눌러*
fill: 입력* 채워*
go: 가서 이동해
get: 가져* 가져와*
summarize: 요약*
explain: 설명*
tell: 알려*
remember: 기억*
book: 예약* 잡아*
export: 내보내*
import: 가져오기
download: 다운로드* 내려받*
upload: 업로드* 올려
deploy: 배포*
set: 설정*
invite: 초대*
fix: 고쳐* 수정*
build: 빌드*
test: 테스트*
refactor: 리팩토링* 리팩터*
simplify: 단순화* 간단히
translate: 번역*
convert: 변환*
use: 사용* 써서
function: 함수 메서드
class: 클래스
variable: 변수
code: 코드
module: 모듈
regex: 정규식
exception: 예외
readable: 읽기_쉽게
issue: 이슈 티켓
task: 작업
bug: 버그
pull request: 풀리퀘스트 PR 풀_리퀘스트
branch: 브랜치
commit: 커밋*
repository: 저장소 레포
release: 릴리스 릴리즈 버전
staged: 스테이징된 스테이지*
file: 파일
folder: 폴더 디렉터리 디렉토리
document: 문서
documentation: 공식문서
page: 페이지
website: 사이트 웹사이트
browser: 브라우저
button: 버튼
form: 양식 폼
link: 링크 연결*
screenshot: 스크린샷
table: 테이블
database: 데이터베이스 디비
column: 컬럼 열
row: 행 레코드
query: 쿼리
index: 인덱스
schema: 스키마
collection: 컬렉션
duplicate: 중복*
key: 키
value: 값
user: 사용자 유저
customer: 고객
order: 주문
payment: 결제
invoice: 송장 청구서
project: 프로젝트
team: 팀
member: 멤버 구성원
calendar: 캘린더 달력
meeting: 회의 미팅
event: 일정 이벤트
free: 비어 빈
mail: 메일 이메일
message: 메시지
unread: 읽지_않은 안_읽은
inbox: 받은편지함
attachment: 첨부*
draft: 초안
channel: 채널
note: 메모 노트
container: 컨테이너
image: 이미지
service: 서비스
server: 서버
pod: 파드
production: 프로덕션 운영
log: 로그
error: 에러 오류
alert: 알림 경고 알람
firing: 발생
incident: 인시던트 장애
dashboard: 대시보드
metric: 지표 메트릭
rate: 율 비율
latency: 지연*
slow: 느린 느려
pipeline: 파이프라인
job: 잡 job
failed: 실패*
flaky: 불안정* 플레이키
running: 실행중 실행_중 돌아가*
stopped: 중지된 멈춘
status: 상태
progress: 진행중
history: 기록 이력 히스토리
author: 작성자
line: 줄 라인
text: 텍스트
name: 이름
title: 제목
label: 라벨 레이블
tag: 태그
time: 시각 몇시 몇_시
result: 결과
permission: 권한
answer: 답변
size: 크기
large: 큰
knowledge: 지식
design: 디자인 설계
review: 리뷰*
component: 컴포넌트
weather: 날씨
contract: 계약*
step: 절차 단계
on-call: 당직 온콜
yes: 네 예 응
thanks: 고마워* 감사*
continue: 계속
hello: 안녕*
please: 부탁*
morning: 아침 오전
afternoon: 오후
between: 사이
since: 이후
only: 만
problem: 문제
cause: 원인
down: 다운 죽었*
data: 데이터
number: 번호 수
price: 가격
date: 날짜
configuration: 구성 환경설정
environment: 환경
network: 네트워크
password: 비밀번호
account: 계정
reminder: 알림_설정 리마인더
priority: 우선순위
description: 설명란
assigned: 할당된 배정된
unresolved: 미해결
discard: 버려*
undo: 되돌려* 롤백*
subscribe: 구독*
approve: 승인*
temperature: 온도 기온
"""
