// @ts-check
// Asks the server which tools a prompt needs, and has the client select them in a step of the turn that costs no model
// request: the first request that is made has their definitions. What fails here costs nothing but that: the prompt
// goes on, and the settings hooks beside this module serve it the old way.

const SERVER = 'dynaload'
const TOOL = 'dynaload_hook'
const OURS = 'mcp__dynaload__'
const MAX_DESCRIPTION = 500
const CONVERSATION = ''
const MAX_SELECTED = 64 // as many names as `select:` takes
const NATIVE_RESULTS = 5 // as many as a search answers that does not say how many
const ID_LENGTH = 12 // the last, random part of a turn's id: all of it would cost 30 tokens more each time
// Models that think only when told to want a thinking block before a call, which a step that we answer has not.
const THINKS_BY_HAND = /claude-3|-4(-[0-5])?(-\d{8})?(\[|$)/

/**
 * @typedef {import('claude-code').EngineInterface} Engine
 * @typedef {{ asks?: boolean, select?: string[], status?: string }} Answer what the server says to one of our questions
 */

/** @type {(_: unknown, e: any, next: (e: any) => any) => any} */
function passOn($, e, next) {
  return next(e)
}

/**
 * @param {Engine} $
 * @param {Record<string, string>} input
 * @returns {Promise<Answer>}
 */
async function ask($, input) {
  const result = await $.mcp.call(SERVER, TOOL, input)
  return JSON.parse((result.content ?? []).map((block) => block.text ?? '').join(''))
}

/**
 * Shows the server's line under the prompt, none where it is empty; without one the user wants no such cell.
 * @param {Engine} $
 * @param {string | undefined} line
 */
function show($, line) {
  if (line !== undefined) $.ui.status(line || undefined)
}

/**
 * Has the line under the prompt told again; false where the user wants no such cell.
 * @param {Engine} $
 */
async function refresh($) {
  try {
    const { status } = await ask($, { event: 'ModStatus' })
    show($, status)
    return status !== undefined
  } catch {
    return true // the cell keeps what it shows
  }
}

/**
 * What other servers offer, which a search of the model's must go on finding; nothing where the client does not tell.
 * @param {Engine} $
 */
async function others($) {
  try {
    const tools = (await $.tool.list()).filter((tool) => tool.mcp && !tool.name.startsWith(OURS))
    return tools.map((tool) => [tool.name, tool.description.slice(0, MAX_DESCRIPTION)])
  } catch {
    return []
  }
}

/**
 * Says that we are there; the answer tells whether the selecting is ours, and what of this prompt is left to select.
 * @param {Engine} $
 */
async function sayHello($) {
  await $.mcp.connect(SERVER)
  const tools = await others($)
  return ask($, { event: 'ModStarted', ...(tools.length > 0 && { tools: JSON.stringify(tools) }) })
}

/** @param {import('claude-code').On} on */
export const register = (on) => {
  /** @type {Map<string, string[]>} What each agent's next step selects, by its id. */
  const waiting = new Map()
  /**
   * Not known before the first step of the first prompt, which tells the model; until then the settings hooks serve.
   * @type {boolean | undefined}
   */
  let wanted
  /** Whether the user wants the cell under the prompt. */
  let hasCell = true

  on('tool.offer', { tool: 'mcp__dynaload__dynaload_hook' }, () => ({ isOffered: false })).catch(passOn)

  on('prompt.submit', async ($, e, next) => {
    if (e.isMeta || e.origin?.kind === 'task-notification') return next(e)
    if (e.command) {
      const ran = await next(e)
      if (hasCell) hasCell = await refresh($)
      return ran
    }
    try {
      const answer = wanted ? await ask($, { event: 'ModPrompt', prompt: e.text }) : {}
      waiting.set(CONVERSATION, answer.select ?? [])
      show($, answer.status)
    } catch {
      waiting.delete(CONVERSATION)
    }
    return next(e)
  }).catch(passOn)

  on('agent.spawn', async ($, e, next) => {
    /** @type {string[]} */
    let select = []
    try {
      if (wanted) select = (await ask($, { event: 'ModAgent', prompt: e.prompt })).select ?? []
    } catch {
      select = []
    }
    const spawned = await next(e)
    if (spawned?.agentId) waiting.set(spawned.agentId, select)
    return spawned
  }).catch(passOn)

  on('turn.complete', async ($, e, next) => {
    const ended = await next(e)
    if (hasCell && !e.agentId) hasCell = await refresh($)
    return ended
  }).catch(passOn)

  on('turn.step', async function* ($, e, next) {
    try {
      if (THINKS_BY_HAND.test(e.model)) {
        if (wanted) await ask($, { event: 'ModStopped' })
        wanted = false
      }
      if (wanted === undefined) {
        const answer = await sayHello($)
        show($, answer.status)
        wanted = answer.asks === true
        if (wanted && !e.agentId) waiting.set(CONVERSATION, answer.select ?? [])
      }
    } catch {
      waiting.clear()
    }
    const who = e.agentId ?? CONVERSATION
    const names = wanted && e.index === 0 ? (waiting.get(who) ?? []).slice(0, MAX_SELECTED) : []
    if (e.index === 0) waiting.delete(who)
    if (names.length === 0) return yield* next(e)
    const query = `select:${names.join(',')}`
    const input = names.length > NATIVE_RESULTS ? { query, max_results: names.length } : { query }
    yield { kind: 'tool', index: 0, id: `toolu_dynaload_${e.turnId.slice(-ID_LENGTH)}`, name: 'ToolSearch' }
    yield { kind: 'input', index: 0, json: JSON.stringify(input) }
    yield { kind: 'stop', stopReason: 'tool_use', usage: null }
    const toolUses = [{ name: 'ToolSearch', input }]
    return { turnId: e.turnId, index: e.index, answer: '', toolUses, stopReason: 'tool_use', usage: null }
  })
}
