# Starts the server: the program where it is on the PATH, else by uvx from where this plugin came from. While that is
# being installed, and where neither can be had, it answers the client itself and tells the user in one sentence.

data=${CLAUDE_PLUGIN_DATA:-${TMPDIR:-/tmp}}
root=${CLAUDE_PLUGIN_ROOT:-$(dirname "$0")}
wait_seconds=20 # of the thirty that the client gives a server to start

# Where the repository with this plugin is: around it, or where the client keeps the marketplace.
source_folder() {
  known=${CLAUDE_CONFIG_DIR:-$HOME/.claude}/plugins/known_marketplaces.json
  installed=$(sed -n '/"mcp-dynaload": *{/,/"installLocation"/s/.*"installLocation": *"\(.*\)".*/\1/p' "$known" 2>/dev/null)
  for folder in "$root/../.." "$installed"; do
    if [ -n "$folder" ] && grep -q '^name = "mcp-dynaload"' "$folder/pyproject.toml" 2>/dev/null; then
      (cd "$folder" && pwd)
      return
    fi
  done
}

# Has uvx fetch what the program needs, which takes longer than the client waits; whether it is there in time.
is_installed() {
  mark=$data/installed-by-uvx
  [ -e "$mark" ] && return 0
  mkdir -p "$data"
  (uvx --from "$1" mcp-dynaload --help && touch "$mark") </dev/null >"$data/uvx.log" 2>&1 &
  install=$!
  while [ "$wait_seconds" -gt 0 ] && kill -0 "$install" 2>/dev/null; do
    sleep 1
    wait_seconds=$((wait_seconds - 1))
  done
  [ -e "$mark" ]
}

# Answers in the server's place: no tools, and the sentence for the user beside the first prompt.
stand_in() {
  answer="{\\\"systemMessage\\\": \\\"dynaload: $1\\\"}"
  while IFS= read -r line; do
    case $line in *'"id":'*) ;; *) continue ;; esac
    id=${line#*\"id\":}
    id=${id%%[,\}]*}
    case $line in
      *'"method":"initialize"'*)
        result='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"dynaload","version":"0"}}' ;;
      *'"method":"tools/list"'*) result='{"tools":[]}' ;;
      *'"method":"ping"'*) result='{}' ;;
      *'"method":"tools/call"'*'"UserPromptSubmit"'*)
        result="{\"content\":[{\"type\":\"text\",\"text\":\"$answer\"}]}"
        answer='{}' ;;
      *'"method":"tools/call"'*) result='{"content":[{"type":"text","text":"{}"}]}' ;;
      *)
        printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"not here"}}\n' "$id"
        continue ;;
    esac
    printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
  done
}

if command -v mcp-dynaload >/dev/null 2>&1; then
  exec mcp-dynaload serve
fi
from=$(source_folder)
if [ -z "$from" ] || ! command -v uvx >/dev/null 2>&1; then
  stand_in "its program is not installed, so it serves nothing. Install it (uv tool install ${from:-<its repository>}, or pip install) or install uv, and start Claude Code again."
elif is_installed "$from"; then
  exec uvx --from "$from" mcp-dynaload serve
elif kill -0 "$install" 2>/dev/null; then
  stand_in "it is being installed, once, and serves from the next start of Claude Code on."
else
  stand_in "uvx could not install it, see $data/uvx.log; it is tried again at the next start of Claude Code."
fi
