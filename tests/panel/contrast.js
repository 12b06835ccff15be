// Texts of the page that are fainter than WCAG 2.2 AA asks (1.4.3), and icons (1.4.11): walks shadow
// roots too, blends colours over what lies under them, and leaves out what is hidden or disabled.
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
  const judge = (element, box, name, drawn) => {
    if (!element?.checkVisibility({opacityProperty: true, visibilityProperty: true})) { return }
    if (box.width < 2 || box.height < 2) { return }
    const layers = []
    let opacity = 1
    for (let each = element; each; each = above(each)) {
      if (each.matches(":disabled, [aria-disabled=true], .Mui-disabled")) { return }
      const style = getComputedStyle(each)
      opacity *= style.opacity
      const layer = rgba(style.backgroundColor)
      if (layer[3] > 0) { layers.push(layer) }
      if (layer[3] === 1) { break }
    }
    const ground = layers.reduceRight((under, layer) => over(layer, under), [255, 255, 255])
    const style = getComputedStyle(element)
    const [r, g, b, a] = rgba(style.color)
    const colour = over([r, g, b, a * opacity], ground)
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
  return [...new Set(faint)]
}
