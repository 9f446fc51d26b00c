// One texel per city object: colour, level of detail to show, flags.
// Needs: sampler2D styleTex (RGBA8, 1024 wide, nearest).
const int STYLE_WIDTH = 1024;
const int FLAG_SELECTED = 1;   // high four bits of alpha
const int FLAG_HOVER = 2;
const int FLAG_BUILDING = 4;   // an object without semantics is split into roof and wall by slope
const int FLAG_NO_DATA = 8;    // its colour says "no data"
const int FLAG_UNCERTAIN = 16; // from the object texture: its value is uncertain
const int FLAG_PROPOSED = 32;  // from the object texture: a proposal

struct Style { vec3 rgb; int shownLod; int flags; };

Style styleOf(sampler2D tex, int row)
{
  vec4 texel = texelFetch(tex, ivec2(row % STYLE_WIDTH, row / STYLE_WIDTH), 0);
  int alpha = int(texel.a * 255.0 + 0.5);
  return Style(texel.rgb, alpha & 15, alpha >> 4);
}
