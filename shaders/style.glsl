// One texel per city object: colour, level of detail to show, flags.
// Needs: sampler2D styleTex (RGBA8, 1024 wide, nearest).
const int STYLE_WIDTH = 1024;
const int FLAG_SELECTED = 1;   // high four bits of alpha
const int FLAG_HOVER = 2;      // (in the texel that bit says "uncertain", or with 8 "not modelled"; see styleOf)
const int FLAG_BUILDING = 4;   // an object without semantics is split into roof and wall by slope
const int FLAG_NO_DATA = 8;    // its colour says "no data"
const int FLAG_UNCERTAIN = 16; // from the object texture: its value is uncertain
const int FLAG_PROPOSED = 32;  // from the object texture: a proposal
const int FLAG_FADING = 64;    // from the object texture: only a share of it is drawn
const int FLAG_NOT_MODELLED = 128;   // the simulation did not cover it
const int FLAGS_OF_VALUE = 8 + 16 + 128;

// 1 where the flags say that the value is uncertain.
float unsureFlag(int flags) { return (flags & FLAG_UNCERTAIN) != 0 ? 1.0 : 0.0; }

struct Style { vec3 rgb; int shownLod; int flags; };

// High four bits of alpha as flags.
int flagsOf(int bits)
{
  if ((bits & FLAG_HOVER) == 0) return bits;
  return (bits & FLAG_NO_DATA) != 0 ? (bits & 5) | FLAG_NOT_MODELLED : (bits & 13) | FLAG_UNCERTAIN;
}

Style styleOf(sampler2D tex, int row)
{
  vec4 texel = texelFetch(tex, ivec2(row % STYLE_WIDTH, row / STYLE_WIDTH), 0);
  int alpha = int(texel.a * 255.0 + 0.5);
  return Style(texel.rgb, alpha & 15, flagsOf(alpha >> 4));
}
