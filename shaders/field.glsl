// Colours of values: classes or a ramp, and the looks of what is no value.
// Uniforms: scaleBreaks (15 class breaks, growing; those that are not needed are huge), scaleColours (16 colours, sRGB),
//           scaleForm (x: 0 classes, else number of the ramp's colours; y low, z high, w: 1 = zero has its own look),
//           zeroTone, noDataTone, notModelledTone (sRGB)
const int VALUE = 0, ZERO = 1, NO_DATA = 2, NOT_MODELLED = 3, NOTHING = 4;

vec3 scaleColour(int k) { return vec3(scaleColours[3 * k], scaleColours[3 * k + 1], scaleColours[3 * k + 2]); }

// Number of the class that holds a value; -1 is zero with a look of its own.
int classOf(float value)
{
  if (value == 0.0 && scaleForm.w > 0.5) return -1;
  int k = 0;
  for (int i = 0; i < 15; ++i) k += value >= scaleBreaks[i] ? 1 : 0;
  return k;
}

const float RANGE_SHARE = 0.2;   // of a ramp; as HATCH_SHARE in viewer/analysis/fields.py

// True if a range is wider than a class.
bool isWide(float low, float high)
{
  if (scaleForm.x > 0.5) return high - low > RANGE_SHARE * (scaleForm.z - scaleForm.y);
  return classOf(low) != classOf(high);
}

vec3 valueColour(float value)
{
  if (scaleForm.x > 0.5) {
    float t = clamp((value - scaleForm.y) / (scaleForm.z - scaleForm.y), 0.0, 1.0) * (scaleForm.x - 1.0);
    int k = int(min(t, scaleForm.x - 2.0));
    return mix(scaleColour(k), scaleColour(k + 1), t - float(k));
  }
  int k = 0;
  for (int i = 0; i < 15; ++i) k += value >= scaleBreaks[i] ? 1 : 0;
  return scaleColour(k);
}

// What a number is; NaN = no data, -inf = not modelled.
int kindOf(float value)
{
  if (isnan(value)) return NO_DATA;
  if (isinf(value)) return NOT_MODELLED;
  return value == 0.0 && scaleForm.w > 0.5 ? ZERO : VALUE;
}

vec3 kindColour(int kind, float value)
{
  return kind == VALUE ? valueColour(value) : kind == ZERO ? zeroTone : kind == NO_DATA ? noDataTone : notModelledTone;
}

// Flags (style.glsl) that go with a kind.
int kindFlags(int kind) { return kind == NO_DATA ? FLAG_NO_DATA : kind == NOT_MODELLED ? FLAG_NOT_MODELLED : 0; }
