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
const MAX_GIVEN = 4000 // characters of an answer, or of what a tool was given, that the server looks at
// Models that think only when told to want a thinking block before a call, which a step that we answer has not.
const THINKS_BY_HAND = /claude-3|-4(-[0-5])?(-\d{8})?(\[|$)/

/**
 * @typedef {import('claude-code').EngineInterface} Engine
 * @typedef {{ asks?: boolean, select?: string[], status?: string, steps?: boolean }} Answer to one of our questions
 * @typedef {{ name: string, input: unknown }} Use of a tool
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
 * @param {readonly Use[]} uses
 * @param {string} text
 * @param {string} agent
 * @param {string[]} had
 */
async function missed($, uses, text, agent, had) {
  const calls = uses.map(given).filter(([name, what]) => what || name.startsWith(OURS))
  if (calls.length === 0 && text === '') return []
  const step = { calls: JSON.stringify(calls), text: text.slice(-MAX_GIVEN), agent, had: had.join(',') }
  try {
    const names = (await ask($, { event: 'ModStep', ...step })).select ?? []
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
  const input = { query: `select:${names.join(',')}`, max_results: names.length }
  const id = `toolu_dynaload_${e.turnId}${e.index ? `_${e.index}` : ''}`
  const use = { name: 'ToolSearch', input }
  return [{ kind: 'tool', index, id, name: use.name }, { kind: 'input', index, json: JSON.stringify(input) }, use]
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
  /** Whether anything may be loaded between the steps of a turn. */
  let hasSteps = true
  /** @type {Map<string, Promise<string[]>>} What each agent's step has shown to be missed, asked while its tools run. */
  const missing = new Map()
  /** @type {Map<string, string[]>} What was selected for each agent's turn. */
  const had = new Map()
  /** @type {Set<string>} The agents whose turn has gone on after its last answer. */
  const goesOn = new Set()

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
    const due = e.index === 0 ? (waiting.get(who) ?? []).slice(0, MAX_SELECTED) : await missing.get(who)
    const names = !wanted ? [] : e.index === 0 ? (due ?? []) : await permitted($, due ?? [])
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
    if (!wanted || !hasSteps) return yield* next(e)
    const response = next(e)
    let [text, blocks] = ['', 0]
    let piece = await response.next()
    for (; !piece.done; piece = await response.next()) {
      const chunk = piece.value
      if (chunk.kind === 'text') [text, blocks] = [text + chunk.text, chunk.index + 1]
      // A turn that would end as the model lacks a tool goes on with it: once, as it takes another request.
      const isEnd = chunk.kind === 'stop' && chunk.stopReason === 'end_turn' && !goesOn.has(who)
      const lacked = isEnd ? await permitted($, await missed($, [], text, who, had.get(who) ?? [])) : []
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
    if (step.toolUses.length > 0) missing.set(who, missed($, step.toolUses, step.answer, who, had.get(who) ?? []))
    return step
  })
}
