// What a face is finished with: a tone, laid in slabs or rows, a little uneven, and panes or water that mirror.
// Roofs, ground, walls and water choose the numbers; the patterns are computed once for all of them, because software
// renderers compute every branch. Needs face.glsl, pattern.glsl, mirror.glsl.
const float ENDLESS = 1e6;

struct Finish {
  vec3 tone;      // sRGB
  vec3 joint;     // tone between the slabs or rows
  vec2 at;        // where the face lies on the pattern, metres
  float px;       // metres per pixel on it
  vec2 slab;      // length and height of a slab, metres; laid in bond
  float gap;      // metres between slabs
  float vary;     // how much one slab differs from the next
  vec2 humps;     // metres from one unevenness to the next, large and small
  vec2 rough;     // how strong these are
  float share;    // of the pixel that is glass or water
  vec3 pane;      // its own tone
  float straight; // share of the light that it mirrors when looked at straight
  float lamp;     // light behind it, 0..1
  vec3 n;         // its normal
};

Finish plainFinish(Face f, vec3 tone)
{
  float px = f.pixel / max(dot(f.n, f.toEye), 0.07);
  return Finish(tone, tone, f.at.xy, px, vec2(ENDLESS), 0.0, 0.0, vec2(5.0, 0.4), vec2(0.0), 0.0, vec3(0.5), 0.06, 0.0, f.n);
}

Surface finished(Finish m, Face f)
{
  vec2 p = m.at / m.slab, px = vec2(m.px) / m.slab, gap = vec2(m.gap) / m.slab;
  float row = floor(p.y);
  p.x += 0.5 * mod(row, 2.0);
  float across = 1.0 - pulse(p.x, gap.x, 1.0, px.x), along = 1.0 - pulse(p.y, gap.y, 1.0, px.y);
  float joints = across + along - across * along;
  float rough = m.rough.x * humps(m.at, m.humps.x, m.px) + m.rough.y * humps(m.at, m.humps.y, m.px);
  float one = (hash1(vec2(floor(p.x), row)) - 0.5) * m.vary * seen(m.slab.y, m.px);
  vec3 rgb = mix(m.tone, m.joint, joints) * (1.0 + rough + one);
  float mirrored = min(fresnel(m.straight, m.n, f.toEye), 0.8);
  vec3 sky = surroundings(reflect(-f.toEye, m.n)) * mirrored;
  rgb = mix(rgb, m.pane * (1.0 - mirrored), m.share);
  return Surface(rgb, m.share * (sky * sky + m.lamp * LAMP), m.share, m.n);
}
