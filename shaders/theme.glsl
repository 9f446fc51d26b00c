// Materials and textures of a CityJSON appearance theme.
// Uniforms: themeTex (RGBA float table, 1024 wide: material m is texel m: rgb, 1 + transparency if it has a colour,
//           minus its transparency if it has none;
//           texture t is two texels from themeTextures + 2 t: page x, y, w, h in 0..1; page, wrap, border code, scale),
//           page0..page3 (atlas pages), themeTextures (texel where textures start; 0 = no table)
// Defined by the program: THEME_CLEAR (1: some materials are transparent), THEME_PAGES (0 to 4 pages: a software renderer pays for each, whichever a pixel shows).
uniform sampler2D themeTex;
#if THEME_PAGES > 0
uniform sampler2D page0;
#endif
#if THEME_PAGES > 1
uniform sampler2D page1;
#endif
#if THEME_PAGES > 2
uniform sampler2D page2;
#endif
#if THEME_PAGES > 3
uniform sampler2D page3;
#endif
const int WRAP = 0, MIRROR = 1, CLAMP = 2, BORDER = 3, NONE = 4;

vec4 themeEntry(int i) { return texelFetch(themeTex, ivec2(i % 1024, i / 1024), 0); }

float wrapped(float x, int mode)
{
  if (mode == WRAP) return fract(x);
  if (mode == MIRROR) return 1.0 - abs(2.0 * fract(0.5 * x) - 1.0);
  return clamp(x, 0.0, 1.0);
}

vec3 unpackColour(float code)
{
  int c = int(code + 0.5);
  return vec3(float(c & 255), float((c >> 8) & 255), float((c >> 16) & 255)) / 255.0;
}

vec4 samplePage(int page, vec2 uv, vec2 dx, vec2 dy)
{
#if THEME_PAGES > 3
  if (page == 3) return textureGrad(page3, uv, dx, dy);
#endif
#if THEME_PAGES > 2
  if (page == 2) return textureGrad(page2, uv, dx, dy);
#endif
#if THEME_PAGES > 1
  if (page == 1) return textureGrad(page1, uv, dx, dy);
#endif
#if THEME_PAGES > 0
  return textureGrad(page0, uv, dx, dy);
#else
  return vec4(0.0);
#endif
}

// rgb = colour, a = 0 where the texture leaves the face to its material
vec4 textureColour(int t, vec2 uv, vec2 dx, vec2 dy)
{
  vec4 rect = themeEntry(themeTextures + 2 * t);
  vec4 info = themeEntry(themeTextures + 2 * t + 1);
  int mode = int(info.y + 0.5);
  if (info.x < -0.5) return vec4(0.0);
  bool outside = any(lessThan(uv, vec2(0.0))) || any(greaterThan(uv, vec2(1.0)));
  if (outside && mode == NONE) return vec4(0.0);
  if (outside && mode == BORDER) return vec4(unpackColour(info.z), 1.0);
  vec2 at = rect.xy + rect.zw * vec2(wrapped(uv.x, mode), wrapped(uv.y, mode));
  // pages have a margin of eight pixels around each image: do not blur over it
  float limit = info.w / max(max(length(dx * rect.zw), length(dy * rect.zw)), 1e-12);
  float keep = min(1.0, limit);
  vec4 texel = samplePage(int(info.x + 0.5), at, dx * rect.zw * keep, dy * rect.zw * keep);
  return vec4(texel.rgb, texel.a < 0.5 ? 0.0 : 1.0);
}

#if THEME_CLEAR == 1
// Whether a pixel of a transparent material is left out: of 4 x 4 pixels as many as it lets through (an ordered
// pattern), so that depth and order never matter. What cannot be seen at all is not there for ids either.
bool seenThrough(int material, bool ids)
{
  if (themeTextures <= 0 || material < 0) return false;
  float a = themeEntry(material).a;
  float clear = a > 0.5 ? a - 1.0 : -a;
  return clear > (ids ? 0.99 : doorRank());
}
#endif

// rgb = colour of a face, base where the theme has none; a = 1 where it comes from a photo, 0.5 from a material
vec4 themeColour(ivec2 tag, vec2 uv, vec3 base)
{
  vec2 dx = dFdx(uv), dy = dFdy(uv);
  float from = 0.0;
  if (themeTextures > 0) {
    if (tag.y >= 0) {
      vec4 material = themeEntry(tag.y);
      if (material.a > 0.5) { base = material.rgb; from = 0.5; }
    }
    if (tag.x >= 0) {
      vec4 photo = textureColour(tag.x, uv, dx, dy);
      if (photo.a > 0.5) return vec4(photo.rgb, 1.0);
    }
  }
  return vec4(base, from);
}
