"""Scripts that say the label of the button "Start" anew in moments in which React is at work."""

AT_ONCE = """() => {
  const find = setInterval(() => {
    const model = window.Bokeh?.Models?._known_models?.get("panel.models.esm.ReactComponent")
    if (model === undefined) { return }
    clearInterval(find)
    const {prototype} = model.prototype.default_view
    const after = prototype.after_rendered
    prototype.after_rendered = function () {
      after.call(this)
      if (this.model.data.label === "Start") {
        prototype.after_rendered = after
        this.model.data.setv({label: "Said at once"}, {sync: false})
      }
    }
  })
}"""
"""When it has been drawn, and hears of nothing yet."""

TWICE = """() => {
  const models = Bokeh.documents.flatMap((each) => [...each._all_models.values()])
  const {data} = models.find(({data}) => data?.label === "Said at once")
  const say = (label) => data.setv({label}, {sync: false})
  const text = Object.getOwnPropertyDescriptor(Node.prototype, "nodeValue")
  Object.defineProperty(Node.prototype, "nodeValue", {
    ...text,
    set(value) {
      text.set.call(this, value)
      if (value !== "Said first") { return }
      for (const begun = performance.now(); performance.now() < begun + 100;) {}
      queueMicrotask(() => say("Start"))
    },
  })
  say("Said first")
}"""
"""Twice: the second time when what was said the first time has been drawn, slowly."""
