// Run by the client itself (`claude plugin test`) on a copy of the plugin in which this file lies beside the module.
import { expect, test } from 'claude-code/testing'

/** A server that answers what `answers` says for an event, and notes what it was asked. */
function server(on, answers) {
  const asked = []
  on('mcp.connect', () => ({ value: {} }))
  on('mcp.call', (_$, e) => {
    asked.push(e.args)
    const answer = answers[e.args.event]
    if (answer === undefined) throw new Error('the server is gone')
    return { value: { content: [{ type: 'text', text: JSON.stringify(answer) }] } }
  })
  on('prompt.submit', (_$, e) => ({ text: e.text }))
  on('agent.spawn', (_$, e) => ({ model: 'a model', agentId: `of ${e.prompt}` }))
  on('turn.step', async function* (_$, e) {
    yield { kind: 'text', index: 0, text: 'from the model' }
    return { turnId: e.turnId, index: e.index, answer: 'from the model', toolUses: [], stopReason: 'end_turn', usage: null }
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

test('the first step of a prompt selects what the server names, the next one and the next prompt ask the model', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: true }, ModPrompt: { select: ['mcp__dynaload__a', 'mcp__dynaload__b'] } })
  await $.prompt.submit({ text: 'two tools please' })

  const first = await step($, { index: 0, turnId: 't1' })
  const second = await step($, { index: 1, turnId: 't1' })
  const other = await step($, { index: 0, turnId: 't2' })

  expect(asked).toEqual([{ event: 'ModStarted' }, { event: 'ModPrompt', prompt: 'two tools please' }])
  expect(selected(first)).toEqual({ query: 'select:mcp__dynaload__a,mcp__dynaload__b', max_results: 2 })
  expect(first.stopReason).toBe('tool_use')
  expect(second.answer).toBe('from the model')
  expect(other.answer).toBe('from the model')
})

test('an agent selects its own, and the conversation nothing for it', async ($, on) => {
  server(on, { ModStarted: { asks: true }, ModPrompt: { select: [] }, ModAgent: { select: ['mcp__dynaload__c'] } })
  await $.prompt.submit({ text: 'hand it out' })
  await $.agent.spawn({ prompt: 'task' })

  expect((await step($, { index: 0, turnId: 't1' })).answer).toBe('from the model')
  expect(selected(await step($, { index: 0, turnId: 't2', agentId: 'of task' })).query).toBe('select:mcp__dynaload__c')
})

test('where the server does not want it nothing is selected and nothing is asked again', async ($, on) => {
  const asked = server(on, { ModStarted: { asks: false } })
  await $.prompt.submit({ text: 'one' })
  await $.prompt.submit({ text: 'two' })

  expect((await step($, { index: 0, turnId: 't1' })).answer).toBe('from the model')
  expect(asked).toEqual([{ event: 'ModStarted' }])
})

test('a server that is gone costs the choice alone, and is asked again with the next prompt', async ($, on) => {
  const answers = { ModPrompt: { select: ['mcp__dynaload__a'] } }
  server(on, answers)
  expect((await $.prompt.submit({ text: 'one' })).text).toBe('one')
  expect((await step($, { index: 0, turnId: 't1' })).answer).toBe('from the model')

  answers.ModStarted = { asks: true }
  await $.prompt.submit({ text: 'two' })
  expect(selected(await step($, { index: 0, turnId: 't2' })).query).toBe('select:mcp__dynaload__a')

  delete answers.ModPrompt
  await $.prompt.submit({ text: 'three' })
  expect((await step($, { index: 0, turnId: 't3' })).answer).toBe('from the model')
})

test('the tool of the hooks is not offered to the model', async ($, on) => {
  on('tool.offer', () => ({ isOffered: true }))

  expect((await $.tool.offer({ tool: 'mcp__dynaload__dynaload_hook' })).isOffered).toBe(false)
  expect((await $.tool.offer({ tool: 'mcp__dynaload__git__git_log' })).isOffered).toBe(true)
})
