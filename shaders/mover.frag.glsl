//VTK::System::Dec
//VTK::Output::Dec
// Vehicles and people: their colour tells a value, windows and tyres what they are. Who has no data is a ring from far
// and has no colour; who was not modelled has a bar across, and falling lines on the body from near.
// Defined by the program: DOT, REALISM, LIGHTING, SIDES, SIDE (as in sheet.frag.glsl).
in vec3 fromEye;
flat in vec4 paint;
flat in int state;
#ifdef DOT
in vec2 spot;
#endif
uniform mat3 normalMatrix;
//VTK::CustomUniforms::Dec
#include "face.glsl"
#include "light.glsl"
#ifdef SIDES
#include "style.glsl"
#include "door.glsl"
#include "sides.glsl"
#endif
const vec3 PANE = vec3(0.20, 0.25, 0.30), TYRE = vec3(0.17, 0.17, 0.18), LAMP = vec3(0.98, 0.96, 0.88);
const vec3 HEAD = vec3(0.80, 0.64, 0.53);

void main()
{
#ifdef SIDES
#ifdef SIDE
  if (!throughDoor(shareOfB(), false)) discard;
#else
  if (!throughDoorOfA(1.0 - shareOfB(), false)) discard;
#endif
#endif
#ifdef DOT
  float r = length(spot);
  if (r > 1.0) discard;
  float px = fwidth(r);
  float rim = smoothstep(0.70 - px, 0.70 + px, r);
  // a rim that sets it off from any ground: dark round light spots, light round dark ones
  float dark = 1.0 - smoothstep(0.30, 0.45, dot(paint.rgb, vec3(0.30, 0.59, 0.11)));
  vec3 edge = mix(0.30 * paint.rgb + 0.06, vec3(0.97), dark);
  vec3 rgb = mix(paint.rgb, edge, 0.85 * rim);
  if (state > 0) {
    const vec3 HOLLOW = vec3(0.97), DARK = vec3(0.30);
    float bar = state == 2 ? 1.0 - smoothstep(0.18 - px, 0.18 + px, abs(spot.x + spot.y) * 0.7071) : 0.0;
    rgb = mix(mix(HOLLOW, DARK, max(smoothstep(0.58 - px, 0.58 + px, r), bar)), HOLLOW, smoothstep(0.90 - px, 0.90, r));
  }
  gl_FragData[0] = vec4(rgb, 1.0);
#else
  Face f;
  vec3 n = cross(dFdx(fromEye), dFdy(fromEye));
  n = dot(n, fromEye) > 0.0 ? -n : n;
  f.n = n * inversesqrt(max(dot(n, n), 1e-30));
  f.at = eye + fromEye;
  f.distance = length(fromEye);
  f.toEye = -fromEye / max(f.distance, 1e-6);
  findShade(f.at + 0.3 * f.n, f.n);
  int part = int(paint.a + 0.5);
  vec3 tone = part == 1 ? PANE : part == 2 ? TYRE : part == 3 ? LAMP : HEAD;
  // a colour with a meaning keeps its class, but a body has sides
  float side = mix(0.80, 1.0, brightness(irradiance(f.n)));
  float x = fract((gl_FragCoord.x + gl_FragCoord.y) / 6.0);
  if (state == 2) side *= 1.0 - 0.45 * clamp((0.15 - abs(x - 0.5)) * 6.0 + 0.5, 0.0, 1.0);
  vec3 rgb = part == 0 ? paint.rgb * side : lit(Surface(tone, vec3(0.0), part == 1 ? 0.6 : 0.0, f.n), f);
  gl_FragData[0] = vec4(rgb, 1.0);
#endif
}
