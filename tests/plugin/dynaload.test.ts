// Run by the client itself (`claude plugin test`) on a copy of the plugin in which this file lies beside the module.
import { expect, test } from 'claude-code/testing'

const FROM_MODEL = 'from the model'

/**
 * A server that answers what `answers` says for an event, and notes what it was asked; `brought` is what we bring.
 * Beside it is a model that says and calls what `steps` say, in their order, and then the same words for ever.
 */
function server(on, answers, { brought = 'dynaload', answering = brought, steps = [] } = {}) {
  const asked = []
  on('mcp.connect', () => ({ value: { isConnected: true, server: brought } }))
  on('mcp.call', (_$, e) => {
    if (e.server !== answering) throw new Error(`${e.server} lists no such tool`)
    asked.push(e.args)
    const answer = answers[e.args.event]
    if (answer === undefined) throw new Error('the server is gone')
    return { value: { content: [{ type: 'text', text: JSON.stringify(answer) }] } }
  })
  on('tool.offer', () => ({ isOffered: true }))
  on('prompt.submit', (_$, e) => ({ text: e.text }))
  on('agent.spawn', (_$, e) => ({ model: 'a model', agentId: `of ${e.prompt}` }))
  on('turn.complete', (_$, e) => ({ text: e.answer }))
  on('turn.step', async function* (_$, e) {
    const { text = '', toolUses = [] } = steps.shift() ?? { text: FROM_MODEL }
    const stopReason = toolUses.length > 0 ? 'tool_use' : 'end_turn'
    if (text) yield { kind: 'text', index: 0, text }
    if (text !== FROM_MODEL) yield { kind: 'stop', stopReason, usage: null }
    return { turnId: e.turnId, index: e.index, answer: text, toolUses, stopReason, usage: null }
  })
  return asked
}

async function step($, e) {
  const chunks = $.turn.step(e)
  let next = await chunks.next()
  while (!next.done) next = await chunks.next()
  return next.value
}

const selected = (result) => (result.toolUses[0] ? result.toolUses[0].input : undefined)

/** The first prompt of a session, which the settings hooks serve: its first step tells the model. */
async function begun($, model = 'claude-sonnet-5') {
  await $.prompt.submit({ text: 'hello' })
  return step($, { index: 0, turnId: 't0', model })
}

const later = { index: 0, turnId: 't1', model: 'claude-sonnet-5' }

test('a later prompt selects in its first step what the server names, and nothing else asks or selects', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['mcp__dynaload__a', 'mcp__dynaload__b'] } })
  const greeting = await begun($)
  await $.prompt.submit({ text: 'two tools please' })

  const first = await step($, later)
  const second = await step($, { ...later, index: 1 })
  const other = await step($, { ...later, turnId: 't2' })

  expect(asked).toEqual([{ event: 'ModStarted' }, { event: 'ModPrompt', prompt: 'two tools please' }])
  expect(selected(first)).toEqual({ query: 'select:mcp__dynaload__a,mcp__dynaload__b' })
  expect(first.stopReason).toBe('tool_use')
  expect([greeting.answer, second.answer, other.answer]).toEqual([FROM_MODEL, FROM_MODEL, FROM_MODEL])
})

test('a prompt goes on while the server chooses, and its first step waits for the choice', async ($, on) => {
  let enter
  const entered = new Promise((resolve) => (enter = resolve))
  on('mcp.connect', () => ({ value: {} }))
  on('mcp.call', async (_$, e) => {
    const isPrompt = e.args.event === 'ModPrompt'
    if (isPrompt) await entered
    const answer = isPrompt ? { select: ['mcp__dynaload__a'] } : { asks: true }
    return { value: { content: [{ type: 'text', text: JSON.stringify(answer) }] } }
  })
  on('prompt.submit', (_$, e) => {
    if (e.text !== 'hello') enter()
    return { text: e.text }
  })
  on('turn.step', async function* (_$, e) {
    return { turnId: e.turnId, index: e.index, answer: FROM_MODEL, toolUses: [], stopReason: 'end_turn', usage: null }
  })
  await begun($)

  await $.prompt.submit({ text: 'one tool please' })

  expect(selected(await step($, later)).query).toBe('select:mcp__dynaload__a')
})

test('of more tools than a search gives by itself it says how many', async ($, on) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `mcp__dynaload__${name}`)
  server(on, { ModStarted: { asks: true }, ModPrompt: { select: names } })
  await begun($)
  await $.prompt.submit({ text: 'six tools please' })

  expect(selected(await step($, later))).toEqual({ query: `select:${names.join(',')}`, max_results: 6 })
})

test('what the hooks could only describe for the prompt before the greeting is selected in its first step', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true, select: ['mcp__dynaload__a'] }, ModPrompt: { select: [] } })

  const resumed = await begun($)
  await $.prompt.submit({ text: 'and now' })
  const next = await step($, later)

  expect(selected(resumed)).toEqual({ query: 'select:mcp__dynaload__a' })
  expect(next.answer).toBe(FROM_MODEL)
  expect(asked.map((one) => one.event)).toEqual(['ModStarted', 'ModPrompt'])
})

test('it tells the server what others offer, for searches of the model', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true } })
  const tool = (name, mcp) => ({ name, description: 'does it', mcp })
  on('tool.list', () => ({ value: [tool('ToolSearch', false), tool('mcp__dynaload__a', true), tool('mcp__other__b', true)] }))

  await begun($)

  expect(asked).toEqual([{ event: 'ModStarted', tools: JSON.stringify([['mcp__other__b', 'does it']]) }])
})

test('where the conversation has no tool search the settings hooks go on serving', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['mcp__dynaload__a'] } })
  on('tool.list', () => ({ value: [{ name: 'Bash', description: 'runs', mcp: false }] }))
  await begun($)

  await $.prompt.submit({ text: 'two' })

  expect((await step($, later)).answer).toBe(FROM_MODEL)
  expect(asked).toEqual([])
})

test('for an agent that has no tool search nothing is selected', async ($, on) => {
  server(on, { ModStarted: { asks: true }, ModAgent: { select: ['mcp__dynaload__c'] } })
  await begun($)
  await $.agent.spawn({ prompt: 'task' })

  expect((await step($, { ...later, agentId: 'of task' })).answer).toBe(FROM_MODEL)
})

const OWN = 'plugin:dynaload:dynaload'

test('where the plugin brings the server, that one is asked, and told whose question it is', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['a'] } }, { brought: OWN })
  await begun($)
  await $.prompt.submit({ text: 'and now' })

  const first = await step($, later)

  expect(selected(first)).toEqual({ query: 'select:a' })
  expect(asked.map((one) => one.plugin)).toEqual([OWN, OWN])
})

test('where that one stands by, the one that the user has registered is asked', async ($, on) => {
  const answers = { ModStarted: { asks: true }, ModPrompt: { select: ['a'] } }
  const asked = server(on, answers, { brought: OWN, answering: 'dynaload' })
  await begun($)
  await $.prompt.submit({ text: 'and now' })

  const first = await step($, later)

  expect(selected(first)).toEqual({ query: 'select:a' })
  expect(asked.map((one) => one.plugin)).toEqual([OWN, OWN])
})

test('for the news of a background task nothing is asked', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['mcp__dynaload__a'] } })
  await begun($)

  await $.prompt.submit({ text: '<task-notification>done</task-notification>', origin: { kind: 'task-notification' } })

  expect((await step($, later)).answer).toBe(FROM_MODEL)
  expect(asked.map((one) => one.event)).toEqual(['ModStarted'])
})

test('an agent selects its own, and the conversation nothing for it', async ($, on) => {
  server(on, { ModStarted: { asks: true }, ModPrompt: { select: [] }, ModAgent: { select: ['mcp__dynaload__c'] } })
  await begun($)
  await $.agent.spawn({ prompt: 'task' })
  await $.tool.offer({ tool: 'ToolSearch', for: 'list', agentId: 'of task' })

  expect((await step($, { ...later, index: 1 })).answer).toBe(FROM_MODEL)
  expect(selected(await step($, { ...later, turnId: 't2', agentId: 'of task' })).query).toBe('select:mcp__dynaload__c')
})

async function pieces($, e) {
  const found = []
  const chunks = $.turn.step(e)
  let next = await chunks.next()
  for (; !next.done; next = await chunks.next()) found.push(next.value)
  return found
}

const bash = (command) => ({ name: 'Bash', input: { command } })

test('what the model did in a step is told, and what it misses is selected in the next one', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModStep: { select: ['mcp__dynaload__a'] } }, { steps: [{ text: 'I look', toolUses: [bash('acme list')] }] })
  await step($, { ...later, index: 0 })

  const second = await step($, { ...later, index: 1 })
  const third = await step($, { ...later, index: 2 })

  expect(selected(second)).toEqual({ query: 'select:mcp__dynaload__a' })
  expect(selected(third)).toBe(undefined)
  expect(asked[1]).toEqual({ event: 'ModStep', calls: '[["Bash","acme list"]]', text: 'I look', agent: '', had: '' })
})

test('the server is told of addresses and of its own tools, and of nothing where a step tells nothing', async ($, on) => {
  const fetch = { name: 'WebFetch', input: { url: 'https://acme.dev', prompt: 'read' } }
  const asked = server(on, { ModStarted: { asks: true }, ModStep: { select: [] } }, { steps: [{ toolUses: [fetch, { name: 'mcp__dynaload__a', input: { x: 1 } }] }, { toolUses: [{ name: 'Read', input: {} }] }] })
  await step($, { ...later, index: 0 })
  await step($, { ...later, index: 1 })

  expect(asked.length).toBe(2)
  expect(asked[1].calls).toBe(JSON.stringify([['WebFetch', 'https://acme.dev\nread'], ['mcp__dynaload__a', '']]))
})

test('what the turn has had selected is told, so that nothing is selected twice', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['mcp__dynaload__a'] }, ModStep: { select: [] } }, { steps: [{}, { toolUses: [bash('acme list')] }] })
  await begun($)
  await $.prompt.submit({ text: 'two' })
  await step($, later)
  await step($, { ...later, index: 1 })
  await step($, { ...later, index: 2 })

  expect(asked.at(-1).had).toBe('mcp__dynaload__a')
})

test('a turn that would end for want of a tool goes on with it, once', async ($, on) => {
  server(on, { ModStarted: { asks: true }, ModStep: { select: ['mcp__dynaload__a'] } }, { steps: [{ text: 'I lack it' }, { text: 'I lack it' }] })

  const first = await pieces($, later)
  const second = await pieces($, { ...later, index: 1 })

  expect(first.map((piece) => piece.kind)).toEqual(['text', 'tool', 'input', 'stop'])
  expect([first[1].index, first[1].id, first[3].stopReason]).toEqual([1, 'toolu_dynaload_t1', 'tool_use'])
  expect(second.map((piece) => piece.kind)).toEqual(['text', 'stop'])
})

test('an agent\'s steps are its own', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModStep: { select: ['mcp__dynaload__a'] } }, { steps: [{ toolUses: [bash('acme list')] }] })
  await $.tool.offer({ tool: 'ToolSearch', for: 'list', agentId: 'a1' })
  await step($, { ...later, turnId: 't2', agentId: 'a1' })

  expect(selected(await step($, { ...later, index: 1 }))).toBe(undefined)
  expect(selected(await step($, { ...later, turnId: 't2', index: 1, agentId: 'a1' })).query).toBe('select:mcp__dynaload__a')
  expect(asked.find((one) => one.event === 'ModStep').agent).toBe('a1')
})

test('between the steps nothing is told where the user does not want it', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true, steps: false } }, { steps: [{ toolUses: [bash('acme list')] }, { text: 'I lack it' }] })
  await step($, later)
  await step($, { ...later, index: 1 })

  expect(asked).toEqual([{ event: 'ModStarted' }])
})

test('a turn goes on as it does where the server is gone between its steps', async ($, on) => {
  server(on, { ModStarted: { asks: true } }, { steps: [{ toolUses: [bash('acme list')] }, { text: 'done' }] })
  await step($, later)

  expect((await step($, { ...later, index: 1 })).answer).toBe('done')
})

test('where the server does not want it nothing is selected and nothing is asked again', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: false } })
  await begun($)
  await $.prompt.submit({ text: 'two' })

  expect((await step($, later)).answer).toBe(FROM_MODEL)
  expect(asked).toEqual([{ event: 'ModStarted' }])
})

test('a server that is gone costs the choice alone, and is asked again with the next step', async ($, on) => {
  const answers = { ModPrompt: { select: ['mcp__dynaload__a'] } }
  server(on, answers)
  expect((await begun($)).answer).toBe(FROM_MODEL)

  answers.ModStarted = { asks: true }
  expect((await begun($)).answer).toBe(FROM_MODEL)
  await $.prompt.submit({ text: 'two' })
  expect(selected(await step($, later)).query).toBe('select:mcp__dynaload__a')

  delete answers.ModPrompt
  expect((await $.prompt.submit({ text: 'three' })).text).toBe('three')
  expect((await step($, { ...later, turnId: 't3' })).answer).toBe(FROM_MODEL)
})

/** The lines that were shown under the prompt, one for each time. */
function cells(on) {
  const shown = []
  on('ui.status', (_$, e) => {
    shown.push(e.text)
    return { value: undefined }
  })
  return shown
}

const ended = { turnId: 't1', reason: 'answer', answer: 'done', durationMs: 1, toolUses: [] }

test('the line that the server gives is shown with each answer of it, and none where it is empty', async ($, on) => {
  const answers = { ModStarted: { asks: true, status: '' }, ModPrompt: { select: [], status: '7 of 412' }, ModStatus: { status: '8 of 412' } }
  server(on, answers)
  const shown = cells(on)
  await begun($)
  await $.prompt.submit({ text: 'two' })
  expect((await $.turn.complete(ended)).text).toBe('done')
  await $.turn.complete({ ...ended, agentId: 'an agent' })
  answers.ModStatus = { status: '9 of 412' }
  await $.prompt.submit({ text: '/dynaload:load-category git', command: 'dynaload:load-category' })

  expect(shown).toEqual([undefined, '7 of 412', '8 of 412', '9 of 412'])
})

test('where the user wants no cell none is shown and the end of a turn asks once', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: [] }, ModStatus: {} })
  const shown = cells(on)
  await begun($)
  await $.prompt.submit({ text: 'two' })
  await $.turn.complete(ended)
  await $.turn.complete(ended)

  expect(shown).toEqual([])
  expect(asked.map((input) => input.event)).toEqual(['ModStarted', 'ModPrompt', 'ModStatus'])
})

test('a turn ends as it does where the server is gone', async ($, on) => {
  server(on, {})
  expect((await $.turn.complete(ended)).text).toBe('done')
})

for (const model of ['claude-haiku-4-5-20251001', 'claude-haiku-4-5', 'claude-sonnet-4-20250514', 'claude-3-7-sonnet-20250219']) {
  test(`nothing is selected for ${model}, which thinks only when told to`, async ($, on) => {
    const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['mcp__dynaload__a'] }, ModStopped: {} })
    await begun($, model)
    await $.prompt.submit({ text: 'two' })

    expect((await step($, { ...later, model })).answer).toBe(FROM_MODEL)
    expect(asked).toEqual([])
  })
}

test('a change to such a model hands the prompts back to the settings hooks', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['mcp__dynaload__a'] }, ModStopped: {} })
  await begun($)
  await $.prompt.submit({ text: 'two' })

  expect((await step($, { ...later, model: 'claude-haiku-4-5' })).answer).toBe(FROM_MODEL)
  expect(asked.map((input) => input.event)).toEqual(['ModStarted', 'ModPrompt', 'ModStopped'])
})

test('the tool of the hooks is not offered to the model', async ($, on) => {
  on('tool.offer', () => ({ isOffered: true }))

  expect((await $.tool.offer({ tool: 'mcp__dynaload__dynaload_hook' })).isOffered).toBe(false)
  expect((await $.tool.offer({ tool: 'mcp__dynaload__git__git_log' })).isOffered).toBe(true)
})
