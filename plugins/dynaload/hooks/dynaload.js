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
const MAX_GIVEN = 4000 // characters of an answer, or of what a tool was given, that the server looks at
const NATIVE_RESULTS = 5 // as many as a search answers that does not say how many
const ID_LENGTH = 12 // the last, random part of a turn's id: all of it would cost 30 tokens more each time
// Models that think only when told to want a thinking block before a call, which a step that we answer has not.
const THINKS_BY_HAND = /claude-3|-4(-[0-5])?(-\d{8})?(\[|$)/

/**
 * @typedef {import('claude-code').EngineInterface} Engine
 * @typedef {{ asks?: boolean, select?: string[], status?: string, steps?: boolean }} Answer to one of our questions
 * @typedef {{ server: string, brought: string }} Door the server that answers, and the one that this plugin brings
 * @typedef {{ name: string, input: unknown }} Use of a tool
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

/**
 * What a tool was given of which the server can tell what it is about: a command, or an address and a question.
 * @param {Use} use
 * @returns {[string, string]}
 */
function given(use) {
  const input = /** @type {Record<string, unknown>} */ (use.input ?? {})
  const text = input.command ?? (input.url ? `${input.url}\n${input.prompt ?? ''}` : '')
  return [use.name, String(text).slice(0, MAX_GIVEN)]
}

/**
 * What the next request of this turn is to have as well, for what the model did or said; nothing of a step that tells
 * nothing, and nothing that the turn has had.
 * @param {Engine} $
 * @param {Door} door
 * @param {readonly Use[]} uses
 * @param {string} text
 * @param {string} agent
 * @param {string[]} had
 */
async function missed($, door, uses, text, agent, had) {
  const calls = uses.map(given).filter(([name, what]) => what || OURS.some((ours) => name.startsWith(ours)))
  if (calls.length === 0 && text === '') return []
  const step = { calls: JSON.stringify(calls), text: text.slice(-MAX_GIVEN), agent, had: had.join(',') }
  try {
    const names = (await ask($, door, { event: 'ModStep', ...step })).select ?? []
    return names.slice(0, MAX_SELECTED)
  } catch {
    return [] // the turn goes on as it would without us
  }
}

/**
 * Those of some tools that the client has: not what the user denies to the model.
 * @param {Engine} $
 * @param {string[]} names
 */
async function permitted($, names) {
  if (names.length === 0) return names
  try {
    const known = new Set((await $.tool.list()).map((tool) => tool.name))
    return names.filter((name) => known.has(name))
  } catch {
    return names // a search for a tool that is not there finds nothing
  }
}

/**
 * The call by which the client selects these, as pieces of an answer: its id says that it is ours.
 * @param {string[]} names
 * @param {{ turnId: string, index: number }} e
 * @param {number} index
 * @returns {[any, any, Use]}
 */
function selecting(names, e, index) {
  const query = `select:${names.join(',')}`
  const input = names.length > NATIVE_RESULTS ? { query, max_results: names.length } : { query }
  // The step's number is not at the end: of ids `x` and `x_2` in one turn the client drops the second's result.
  const id = `toolu_dynaload_${e.index || ''}${e.turnId.slice(-ID_LENGTH)}`
  const use = { name: SEARCH, input }
  return [{ kind: 'tool', index, id, name: use.name }, { kind: 'input', index, json: JSON.stringify(input) }, use]
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
  /** Whether anything may be loaded between the steps of a turn. */
  let hasSteps = true
  /** @type {Map<string, Promise<string[]>>} What each agent's step has shown to be missed, asked while its tools run. */
  const missing = new Map()
  /** @type {Map<string, string[]>} What was selected for each agent's turn. */
  const had = new Map()
  /** @type {Set<string>} The agents whose turn has gone on after its last answer. */
  const goesOn = new Set()

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
    /** @type {Answer | Promise<Answer>} */
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
        hasSteps = answer.steps !== false
        if (wanted && !e.agentId) waiting.set(CONVERSATION, answer.select ?? [])
      }
    } catch {
      waiting.clear()
    }
    const who = e.agentId ?? CONVERSATION
    if (e.index === 0) {
      had.set(who, [])
      goesOn.delete(who)
    }
    const canSelect = wanted && (!e.agentId || searching.has(e.agentId))
    const due = (canSelect && (await (e.index === 0 ? waiting : missing).get(who))) || []
    const names = e.index === 0 ? due.slice(0, MAX_SELECTED) : await permitted($, due)
    if (e.index === 0) waiting.delete(who)
    missing.delete(who)
    if (names.length > 0) {
      had.set(who, [...(had.get(who) ?? []), ...names])
      const [tool, input, use] = selecting(names, e, 0)
      yield tool
      yield input
      yield { kind: 'stop', stopReason: 'tool_use', usage: null }
      return { turnId: e.turnId, index: e.index, answer: '', toolUses: [use], stopReason: 'tool_use', usage: null }
    }
    if (!canSelect || !hasSteps) return yield* next(e)
    const response = next(e)
    let [text, blocks] = ['', 0]
    let piece = await response.next()
    for (; !piece.done; piece = await response.next()) {
      const chunk = piece.value
      if (chunk.kind === 'text') [text, blocks] = [text + chunk.text, chunk.index + 1]
      // A turn that would end as the model lacks a tool goes on with it: once, as it takes another request.
      const isEnd = chunk.kind === 'stop' && chunk.stopReason === 'end_turn' && !goesOn.has(who)
      const lacked = isEnd ? await permitted($, await missed($, door, [], text, who, had.get(who) ?? [])) : []
      if (lacked.length === 0) yield chunk
      else {
        goesOn.add(who)
        had.set(who, [...(had.get(who) ?? []), ...lacked])
        const [tool, input] = selecting(lacked, e, blocks)
        yield tool
        yield input
        yield { ...chunk, stopReason: 'tool_use' }
      }
    }
    const step = piece.value
    if (step.toolUses.length > 0) missing.set(who, missed($, door, step.toolUses, step.answer, who, had.get(who) ?? []))
    return step
  })
}
