// @ts-check
// Asks the server which tools a prompt needs and has the client select them before the first request is made.
// Whatever fails here costs nothing but that: the prompt goes on, and the server is asked the old way.

const SERVER = 'dynaload'
const TOOL = 'dynaload_hook'
const MAX_SELECTED = 64

async function ask($, input) {
  const result = await $.mcp.call(SERVER, TOOL, input)
  const text = (result.content ?? []).map((block) => block.text ?? '').join('')
  return JSON.parse(text)
}

async function start($) {
  const answer = await ask($, { event: 'ModStarted' })
  return answer.asks === true
}

export const register = (on) => {
  /** Names to select by agent; `main` is the conversation itself. */
  const waiting = new Map()
  let asks = undefined

  on('tool.offer', { tool: `mcp__${SERVER}__${TOOL}` }, () => ({ isOffered: false }))

  on('prompt.submit', async ($, e, next) => {
    if (e.isMeta || e.command) return next(e)
    try {
      asks ??= await start($)
      if (asks) {
        const answer = await ask($, { event: 'ModPrompt', prompt: e.text })
        waiting.set('main', answer.select ?? [])
      }
    } catch (error) {
      $.ui.log('dynaload: ' + String(error))
    }
    return next(e)
  })

  on('agent.spawn', async ($, e, next) => {
    let select = []
    try {
      if (asks) select = (await ask($, { event: 'ModAgent', prompt: e.prompt })).select ?? []
    } catch (error) {
      $.ui.log('dynaload: ' + String(error))
    }
    const spawned = await next(e)
    if (spawned && spawned.agentId) waiting.set(spawned.agentId, select)
    return spawned
  })

  on('turn.step', async function* ($, e, next) {
    const who = e.agentId ?? 'main'
    const names = e.index === 0 ? (waiting.get(who) ?? []).slice(0, MAX_SELECTED) : []
    waiting.delete(who)
    if (names.length === 0) return yield* next(e)
    const input = { query: 'select:' + names.join(','), max_results: names.length }
    yield { kind: 'tool', index: 0, id: `toolu_dynaload_${e.turnId}`.replace(/[^A-Za-z0-9_-]/g, '_'), name: 'ToolSearch' }
    yield { kind: 'input', index: 0, json: JSON.stringify(input) }
    yield { kind: 'stop', stopReason: 'tool_use', usage: null }
    const toolUses = [{ name: 'ToolSearch', input }]
    return { turnId: e.turnId, index: e.index, answer: '', toolUses, stopReason: 'tool_use', usage: null }
  })
}
