// @ts-check
// Asks the server which tools a prompt needs, and has the client select them in a step of the turn that costs no model
// request: the first request that is made has their definitions. What fails here costs nothing but that: the prompt
// goes on, and the settings hooks beside this module serve it the old way.

const SERVER = 'dynaload' // as the user registers it, and its key where the plugin brings it
const TOOL = 'dynaload_hook'
const OURS = ['mcp__dynaload__', 'mcp__plugin_dynaload_dynaload__']
const MAX_DESCRIPTION = 500
const SEARCH = 'ToolSearch'
const CONVERSATION = ''
const MAX_SELECTED = 64 // as many names as `select:` takes
// Models that think only when told to want a thinking block before a call, which a step that we answer has not.
const THINKS_BY_HAND = /claude-3|-4(-[0-5])?(-\d{8})?(\[|$)/

/**
 * @typedef {import('claude-code').EngineInterface} Engine
 * @typedef {{ asks?: boolean, select?: string[], status?: string }} Answer what the server says to one of our questions
 * @typedef {{ server: string, brought: string }} Door the server that answers, and the one that this plugin brings
 */

/** @type {(_: unknown, e: any, next: (e: any) => any) => any} */
function passOn($, e, next) {
  return next(e)
}

/**
 * @param {Engine} $
 * @param {Door} door
 * @param {Record<string, string>} input
 * @returns {Promise<Answer>}
 */
async function ask($, door, input) {
  const result = await $.mcp.call(door.server, TOOL, door.brought ? { ...input, plugin: door.brought } : input)
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
 * @param {Door} door
 */
async function refresh($, door) {
  try {
    const { status } = await ask($, door, { event: 'ModStatus' })
    show($, status)
    return status !== undefined
  } catch {
    return true // the cell keeps what it shows
  }
}

/**
 * The conversation's tools; none where the client does not tell.
 * @param {Engine} $
 */
async function knownTools($) {
  try {
    return await $.tool.list()
  } catch {
    return []
  }
}

/**
 * Says that we are there; the answer tells whether the selecting is ours, and what of this prompt is left to select.
 * Tools of other servers are told because a search of the model's must go on finding them.
 *
 * Where the plugin brings a server and the user has registered one, too, the latter answers: the other lists nothing.
 * @param {Engine} $
 * @param {Door} door
 * @returns {Promise<Answer>}
 */
async function sayHello($, door) {
  const connected = await $.mcp.connect(SERVER)
  if (connected.isConnected && connected.server !== SERVER) door.brought = door.server = connected.server
  const known = await knownTools($)
  if (known.length > 0 && !known.some((tool) => tool.name === SEARCH)) return {} // denied, or switched off
  const others = known.filter((tool) => tool.mcp && !OURS.some((ours) => tool.name.startsWith(ours)))
  const tools = others.map((tool) => [tool.name, tool.description.slice(0, MAX_DESCRIPTION)])
  const hello = { event: 'ModStarted', ...(tools.length > 0 && { tools: JSON.stringify(tools) }) }
  try {
    return await ask($, door, hello)
  } catch (error) {
    if (door.server === SERVER) throw error
    door.server = SERVER
    return ask($, door, hello)
  }
}

/**
 * Asks what a prompt needs; nothing where that fails.
 * @param {Engine} $
 * @param {Door} door
 * @param {string} prompt
 * @returns {Promise<Answer>}
 */
async function promptAnswer($, door, prompt) {
  try {
    return await ask($, door, { event: 'ModPrompt', prompt })
  } catch {
    return {}
  }
}

/** @param {Answer | Promise<Answer>} answer */
async function selectionOf(answer) {
  return (await answer).select ?? []
}

/** @param {import('claude-code').On} on */
export const register = (on) => {
  /** @type {Map<string, string[] | Promise<string[]>>} What each agent's next step selects, by its id. */
  const waiting = new Map()
  /** @type {Set<string>} The agents that have the search: the client asks of each before its first step. */
  const searching = new Set()
  /**
   * Not known before the first step of the first prompt, which tells the model; until then the settings hooks serve.
   * @type {boolean | undefined}
   */
  let wanted
  /** Whether the user wants the cell under the prompt. */
  let hasCell = true

  /** @type {Door} */
  const door = { server: SERVER, brought: '' }

  on('tool.offer', { tool: 'mcp__dynaload__dynaload_hook' }, () => ({ isOffered: false })).catch(passOn)
  on('tool.offer', { tool: 'mcp__plugin_dynaload_dynaload__dynaload_hook' }, () => ({ isOffered: false })).catch(passOn)

  on('tool.offer', { tool: 'ToolSearch', for: 'list' }, (_$, e, next) => {
    if (e.agentId) searching.add(e.agentId)
    return next(e)
  }).catch(passOn)

  on('prompt.submit', async ($, e, next) => {
    if (e.isMeta || e.origin?.kind === 'task-notification') return next(e)
    if (e.command) {
      const ran = await next(e)
      if (hasCell) hasCell = await refresh($, door)
      return ran
    }
    // Not waited for here: the settings hook, which runs in `next`, comes to the server sooner and begins to choose.
    const answer = wanted ? promptAnswer($, door, e.text) : {}
    waiting.set(CONVERSATION, selectionOf(answer))
    const entered = await next(e)
    show($, (await answer).status)
    return entered
  }).catch(passOn)

  on('agent.spawn', async ($, e, next) => {
    /** @type {string[]} */
    let select = []
    try {
      if (wanted) select = (await ask($, door, { event: 'ModAgent', prompt: e.prompt })).select ?? []
    } catch {
      select = []
    }
    const spawned = await next(e)
    if (spawned?.agentId) waiting.set(spawned.agentId, select)
    return spawned
  }).catch(passOn)

  on('turn.complete', async ($, e, next) => {
    const ended = await next(e)
    if (hasCell && !e.agentId) hasCell = await refresh($, door)
    return ended
  }).catch(passOn)

  on('turn.step', async function* ($, e, next) {
    try {
      if (THINKS_BY_HAND.test(e.model)) {
        if (wanted) await ask($, door, { event: 'ModStopped' })
        wanted = false
      }
      if (wanted === undefined) {
        const answer = await sayHello($, door)
        show($, answer.status)
        wanted = answer.asks === true
        if (wanted && !e.agentId) waiting.set(CONVERSATION, answer.select ?? [])
      }
    } catch {
      waiting.clear()
    }
    const who = e.agentId ?? CONVERSATION
    const canSelect = wanted && e.index === 0 && (!e.agentId || searching.has(e.agentId))
    const names = canSelect ? ((await waiting.get(who)) ?? []).slice(0, MAX_SELECTED) : []
    if (e.index === 0) waiting.delete(who)
    if (names.length === 0) return yield* next(e)
    const input = { query: `select:${names.join(',')}`, max_results: names.length }
    yield { kind: 'tool', index: 0, id: `toolu_dynaload_${e.turnId}`, name: SEARCH }
    yield { kind: 'input', index: 0, json: JSON.stringify(input) }
    yield { kind: 'stop', stopReason: 'tool_use', usage: null }
    const toolUses = [{ name: SEARCH, input }]
    return { turnId: e.turnId, index: e.index, answer: '', toolUses, stopReason: 'tool_use', usage: null }
  })
}
