"""Words of Japanese that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: を に は が の で と も へ か て ください 下さい ね よ です ます した して する い これ それ この その ある いる
and: そして それから また
then: 次に
or: または
from: から
to: まで
about: について
my: 自分 私の 私
our: うちの 私たち
which: どの どれ
what: 何 なに
who: 誰 だれ
when: いつ
where: どこ
why: なぜ どうして
how many: いくつ 何件 何個
how: どう どうやって
not: ない
all: すべて 全て 全部
new: 新しい 新規
last: 最近 最後 最新 直近
first: 最初
next: 次の 来
old: 古い
open: 開い 開く 未解決
close: 閉じ* クローズ
today: 今日 本日
tomorrow: 明日
yesterday: 昨日
now: 今 現在
week: 週 週間
month: か月 月
hour: 時間
minute: 分間
day: 日
night: 夜
monday: 月曜*
tuesday: 火曜*
wednesday: 水曜*
thursday: 木曜*
friday: 金曜*
show: 見せ* 表示 見たい
list: 一覧* リスト
search: 検索* 探し* 調べ*
find: 見つけ*
create: 作成* 作って 作る 新規作成
add: 追加* 入れ*
delete: 削除* 消して 消す
update: 更新*
change: 変更* 変えて
changes: 変更点
rename: 名前を変更 リネーム
move: 移動* 移して
copy: コピー*
send: 送信* 送って 送る
post: 投稿*
reply: 返信* 返事
read: 読んで 読む
write: 書いて 書く
save: 保存*
run: 実行* 走らせ*
start: 起動* 開始*
stop: 停止* 止めて 止める
restart: 再起動*
merge: マージ*
compare: 比較* 比べ*
difference: 違い 差分 差
check: 確認* チェック*
count: 数えて カウント
assign: 割り当て* アサイン
comment: コメント*
cancel: キャンセル* 取り消し*
mute: ミュート*
click: クリック* 押して
fill: 入力* 記入*
go: 行って 移動_する
get: 取得* 取って
summarize: 要約* まとめ*
explain: 説明*
tell: 教えて 教え
remember: 覚えて 記憶
book: 予約* 予定を入れ*
export: エクスポート* 書き出*
import: インポート*
download: ダウンロード*
upload: アップロード*
deploy: デプロイ*
set: 設定*
invite: 招待*
fix: 修正* 直して 直す
build: ビルド*
test: テスト*
refactor: リファクタ*
simplify: 簡単に シンプルに
translate: 翻訳*
convert: 変換*
use: 使って 使う
function: 関数 メソッド
class: クラス
variable: 変数
code: コード
module: モジュール
regex: 正規表現
exception: 例外
readable: 読みやすく
issue: 課題 チケット イシュー
task: タスク
bug: バグ 不具合
pull request: プルリク* プルリクエスト
branch: ブランチ
commit: コミット*
repository: リポジトリ レポ
release: リリース バージョン
staged: ステージ*
file: ファイル
folder: フォルダ* ディレクトリ
document: ドキュメント 文書
documentation: 公式ドキュメント
page: ページ
website: サイト ウェブサイト
browser: ブラウザ*
button: ボタン
form: フォーム
link: リンク*
screenshot: スクリーンショット スクショ
table: テーブル
database: データベース DB
column: カラム 列
row: 行 レコード
query: クエリ
index: インデックス
schema: スキーマ
collection: コレクション
duplicate: 重複*
key: キー
value: 値
user: ユーザー*
customer: 顧客 お客*
order: 注文
payment: 支払い 決済
invoice: 請求書
project: プロジェクト
team: チーム
member: メンバー
calendar: カレンダー
meeting: 会議 ミーティング 打ち合わせ レビュー会
event: 予定 イベント
free: 空き 空いて
mail: メール
message: メッセージ
unread: 未読
inbox: 受信トレイ 受信箱
attachment: 添付*
draft: 下書き
channel: チャンネル
note: メモ ノート
container: コンテナ*
image: イメージ 画像
service: サービス
server: サーバ*
pod: ポッド
deployment: デプロイメント
production: 本番*
log: ログ
error: エラー
alert: アラート 警告
firing: 発生中 発火
incident: インシデント 障害
dashboard: ダッシュボード
metric: メトリクス 指標
rate: 率 レート
latency: レイテンシ* 遅延
slow: 遅い 遅く
pipeline: パイプライン
job: ジョブ
failed: 失敗* 落ちた
flaky: 不安定* フレーキー
running: 実行中 動いて 起動中
stopped: 停止中
status: ステータス 状態
progress: 進行中
history: 履歴
author: 作者 著者
line: 行目
text: テキスト
name: 名前
title: タイトル
label: ラベル
tag: タグ
time: 時刻 何時 時間帯
result: 結果
permission: 権限
answer: 回答
size: サイズ
large: 大きい 大きな
knowledge: 知識 ナレッジ
design: デザイン 設計
review: レビュー*
component: コンポーネント
weather: 天気
contract: 契約*
step: 手順 ステップ
on-call: 当番 オンコール
yes: はい
thanks: ありがとう*
continue: 続けて
hello: こんにちは
please: お願い*
morning: 朝 今朝 午前
afternoon: 午後
between: 間の
since: 以降
only: だけ のみ
problem: 問題
cause: 原因
down: 落ちて 停止して
data: データ
number: 番号 件数
price: 価格 値段
date: 日付
configuration: 設定ファイル
environment: 環境
network: ネットワーク
password: パスワード
account: アカウント
reminder: リマインダー
priority: 優先度
description: 説明文
assigned: 割り当てられている 担当
unresolved: 未解決の
discard: 破棄*
undo: 元に戻*
subscribe: 購読*
approve: 承認*
temperature: 気温 温度
"""
