"""Words of Chinese that developers say to tools; `foreign.py` tells how they are written down."""

WORDS = """
~: 的 了 吗 呢 吧 一下 请 帮我 帮 把 给我 是 有 过 被 着 地 得 在 这个 那个
and: 和 并 并且 然后 以及
then: 接着 再
or: 或者 或
in: 里 中
from: 从
to: 到
with: 跟
for: 为
about: 关于
my: 我的 我
our: 我们的 我们
which: 哪些 哪个
what: 什么
who: 谁
when: 什么时候 何时
where: 哪里 在哪
why: 为什么 为何
how many: 多少 几个
how: 怎么 如何
not: 不 没有
all: 所有 全部
new: 新 新的
last: 最近 最后 最新
first: 第一 前
next: 下一个 下个
old: 旧 老
open: 打开 未关闭
close: 关闭
today: 今天
tomorrow: 明天
yesterday: 昨天
now: 现在 目前
week: 周 星期
month: 月份 个月
hour: 小时
minute: 分钟
day: 天
night: 晚上 夜
monday: 周一 星期一
tuesday: 周二 星期二
wednesday: 周三 星期三
thursday: 周四 星期四
friday: 周五 星期五
show: 显示 展示 看看 查看 看 给我看
list: 列出 列表 清单
search: 搜索 查找 查一下 查 搜
find: 找到 找出 找出来 找
create: 创建 新建 建立 建一个 建
add: 添加 加 增加 加一条
delete: 删除 删掉 删 移除
update: 更新
change: 修改 改成 换成 改
changes: 变更 改动 更改
rename: 重命名 改名
move: 移动 移到
copy: 复制 拷贝
send: 发送 发给 发
post: 发布 发到
reply: 回复 答复
read: 读 阅读
write: 写 编写
save: 保存
run: 运行 执行 跑
start: 启动 开始
stop: 停止 停掉
restart: 重启 重新启动
merge: 合并
compare: 比较 对比
difference: 区别 差异 不同
check: 检查 查验
count: 统计 计数 数一下
assign: 分配 指派 分给
comment: 评论 注释
cancel: 取消
mute: 静音 屏蔽
click: 点击 点一下
fill: 填写 填
go: 去 访问
get: 获取 拿 拉取 取
summarize: 总结 概括
explain: 解释 说明
tell: 告诉 说
remember: 记住
book: 预订 安排 预约
export: 导出
import: 导入
download: 下载
upload: 上传
deploy: 部署 发布上线
set: 设置 设为
invite: 邀请
fix: 修复 修正 改正
build: 构建 编译
test: 测试
refactor: 重构
simplify: 简化
translate: 翻译
convert: 转换
use: 使用 用
function: 函数 方法
class: 类
variable: 变量
code: 代码
module: 模块
regex: 正则 正则表达式
exception: 异常
readable: 可读
issue: 问题单 工单 议题 issue
task: 任务
bug: 缺陷 bug
pull request: 拉取请求 合并请求 PR
branch: 分支
commit: 提交
repository: 仓库 代码库
release: 版本 发布版
staged: 已暂存 暂存
file: 文件
folder: 文件夹 目录
document: 文档
documentation: 官方文档
page: 页面 页 这一页 网页
website: 网站 站点
browser: 浏览器
button: 按钮
form: 表单
link: 链接 关联
screenshot: 截图 截屏
table: 表 表格
database: 数据库
column: 列 字段
row: 行 记录 条
query: 查询
index: 索引
schema: 结构 模式
collection: 集合
duplicate: 重复
key: 键 密钥
value: 值
user: 用户
customer: 客户
order: 订单
payment: 支付 付款
invoice: 发票
project: 项目
team: 团队
member: 成员
calendar: 日历 日程表
meeting: 会议 开会
event: 事件 日程 活动
free: 有空 空闲
mail: 邮件 电子邮件
message: 消息 信息
unread: 未读
inbox: 收件箱
attachment: 附件
draft: 草稿
channel: 频道
note: 笔记 备注
container: 容器
image: 镜像 图片
service: 服务
server: 服务器
pod: pod
deployment: 部署情况 deployment
production: 生产 生产环境
log: 日志
error: 错误 报错
alert: 告警 警报
firing: 触发
incident: 故障 事故
dashboard: 仪表盘 看板 面板
metric: 指标
rate: 率
latency: 延迟
slow: 慢 最慢 缓慢
pipeline: 流水线
job: 作业 job
failed: 失败 挂了
flaky: 不稳定
running: 运行中 正在运行
stopped: 停止的
status: 状态
progress: 进行中
history: 历史 记录_历史
author: 作者
line: 行
text: 文本
name: 名称 名字
title: 标题
label: 标签
tag: 标记
time: 时间 几点
result: 结果
permission: 权限
answer: 答案
size: 大小
large: 大 最大
knowledge: 知识
design: 设计 设计稿
review: 评审 审查
component: 组件
weather: 天气
contract: 合同
step: 步骤
on-call: 值班
yes: 好 好的 是的
thanks: 谢谢 谢了
continue: 继续
hello: 你好
please: 请
morning: 早上 上午
afternoon: 下午
between: 之间
since: 以来 自从
only: 只 仅
problem: 问题
cause: 原因
down: 宕机 崩溃
data: 数据
number: 数量 编号 号
price: 价格
date: 日期
configuration: 配置 设置项
environment: 环境
network: 网络
password: 密码
account: 账户 账号
reminder: 提醒
priority: 优先级
description: 描述
assigned: 分配给
unresolved: 未解决
discard: 丢弃 放弃
undo: 撤销 回滚
subscribe: 订阅
approve: 批准 通过
temperature: 温度 气温
"""
