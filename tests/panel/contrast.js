// Texts of the page that are fainter than WCAG 2.2 AA asks (1.4.3), and icons (1.4.11): walks shadow
// roots too, blends colours over what lies under them, and leaves out what is hidden or disabled.
// What Bokeh writes on its canvases is asked of its models: labels, titles, legends, texts.
() => {
  const pixel = document.createElement("canvas").getContext("2d", {willReadFrequently: true})
  const known = new Map()
  const rgba = (colour) => {
    if (!known.has(colour)) {
      pixel.clearRect(0, 0, 1, 1)
      pixel.fillStyle = colour
      pixel.fillRect(0, 0, 1, 1)
      const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data
      known.set(colour, [r, g, b, a / 255])
    }
    return known.get(colour)
  }
  const over = ([r, g, b, a], ground) =>
    [r, g, b].map((each, i) => each * a + ground[i] * (1 - a))
  const above = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host
  const light = (colour) => {
    const [r, g, b] = colour.map((each) => {
      const share = each / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const faint = []
  const seen = (element) => element?.checkVisibility({opacityProperty: true, visibilityProperty: true})
  const under = (element) => {
    const layers = []
    let opacity = 1
    for (let each = element; each; each = above(each)) {
      if (each.matches(":disabled, [aria-disabled=true], .Mui-disabled")) { return null }
      const style = getComputedStyle(each)
      opacity *= style.opacity
      const layer = rgba(style.backgroundColor)
      if (layer[3] > 0) { layers.push(layer) }
      if (layer[3] === 1) { break }
    }
    return [layers.reduceRight((lower, layer) => over(layer, lower), [255, 255, 255]), opacity]
  }
  const judge = (element, box, name, drawn) => {
    if (!seen(element) || box.width < 2 || box.height < 2) { return }
    const found = under(element)
    if (!found) { return }
    const [ground, opacity] = found
    const style = getComputedStyle(element)
    const [r, g, b, a] = rgba(style.color)
    compare(over([r, g, b, a * opacity], ground), ground, style, name, drawn)
  }
  const compare = (colour, ground, style, name, drawn) => {
    const [bright, dark] = [light(colour), light(ground)].sort((x, y) => y - x)
    const ratio = (bright + 0.05) / (dark + 0.05)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (large || drawn ? 3 : 4.5)) {
      const hex = (c) => "#" + c.map((x) => Math.round(x).toString(16).padStart(2, "0")).join("")
      faint.push(`${ratio.toFixed(2)} ${hex(colour)} on ${hex(ground)}: ${name}`)
    }
  }
  const look = (node) => {
    const range = document.createRange()
    range.selectNodeContents(node)
    const element = node.parentElement ?? node.getRootNode().host
    judge(element, range.getBoundingClientRect(), node.textContent.trim().slice(0, 40), false)
  }
  const lookAtIcon = (icon) => {
    const control = icon.closest("button, a, [role=button], [role=switch]")
    if (!control || icon.querySelector("[fill]:not([fill=none], [fill=currentColor])")) { return }
    const name = control.ariaLabel || control.title || control.textContent.trim() || control.outerHTML
    judge(icon, icon.getBoundingClientRect(), `icon of ${name.slice(0, 80)}`, true)
  }
  const walk = (root) => {
    for (const child of root.childNodes) {
      if (child.nodeType === Node.TEXT_NODE && child.textContent.trim()) { look(child) }
      if (child.nodeType !== Node.ELEMENT_NODE) { continue }
      if (["STYLE", "SCRIPT", "NOSCRIPT", "TEMPLATE"].includes(child.tagName)) { continue }
      if (child.tagName === "svg") { lookAtIcon(child) }
      if (child.shadowRoot) { walk(child.shadowRoot) }
      walk(child)
    }
  }
  walk(document.body)

  const value = (model, name) => {
    const found = model.properties[name]?.get_value()
    return found?.value ?? (typeof found === "object" ? null : found)
  }
  const layer = (model, prefix) => {
    const colour = value(model, `${prefix}fill_color`)
    if (colour == null) { return [0, 0, 0, 0] }
    const [r, g, b, a] = rgba(colour)
    return [r, g, b, a * (value(model, `${prefix}fill_alpha`) ?? 1)]
  }
  // A part of a figure that writes: what it is, its model, the prefix of its text's properties.
  const written = (figure) => {
    const found = figure.title?.text ? [["title", figure.title, ""]] : []
    for (const each of [...figure.above, ...figure.below, ...figure.left, ...figure.right,
      ...figure.center, ...figure.renderers]) {
      if (each.visible === false) { continue }
      const {glyph} = each
      if (glyph?.type === "Text" && each.data_source.get_length() > 0) {
        found.push(["text", glyph, ""])
      }
      if (each.axis_label) { found.push([each.axis_label, each, "axis_label_"]) }
      if (each.properties.major_label_text_color) { found.push(["ticks", each, "major_label_"]) }
      if (each.properties.label_text_color && each.items?.length) {
        found.push(["legend", each, "label_"])
      }
      if (each.properties.title_text_color && each.title) {
        found.push([String(each.title), each, "title_"])
      }
      if (each.type === "Label") { found.push([String(each.text), each, ""]) }
    }
    return found
  }
  const read = (view) => {
    const figure = view.model
    const found = seen(view.el) && figure.visible ? under(view.el) : null
    if (!found) { return }
    const border = over(layer(figure, "border_"), found[0])
    const frame = over(layer(figure, "background_"), border)
    for (const [name, model, prefix] of written(figure)) {
      const within = ["text", "Label"].includes(name) || model.type === "Label"
      const own = layer(model, prefix ? "" : "background_")
      const ground = over(name === "legend" ? layer(model, "background_") : own, within ? frame : border)
      const [r, g, b, a] = rgba(value(model, `${prefix}text_color`))
      const colour = over([r, g, b, a * (value(model, `${prefix}text_alpha`) ?? 1)], ground)
      const style = {
        fontSize: value(model, `${prefix}text_font_size`),
        fontWeight: value(model, `${prefix}text_font_style`) === "bold" ? 700 : 400,
      }
      const axis = figure.below[0]?.axis_label ?? ""
      compare(colour, ground, style, `${model.type} "${name}" of figure "${axis}"`, false)
    }
  }
  const visit = (view) => {
    if (view.model?.type === "Figure") { read(view) }
    for (const child of view.children_views?.() ?? []) { if (child) { visit(child) } }
  }
  for (const root of window.Bokeh?.index.roots ?? []) { visit(root) }
  return [...new Set(faint)]
}
