// Shadow of the sun or the moon, from depth maps as the light sees the scene.
// Uniforms: shadowTex0 (what is near the camera), shadowTex1 (the whole scene), shadowMatrix0, shadowMatrix1 (scene
//           coordinates -> 0..1 across, up, and in depth of a map), shadowMaps (1 if there is the map near the camera,
//           1 if there is that of the whole scene, texels that the filter reaches to each side), shadowRight, shadowUp,
//           shadowBack (axes of the maps, the last to the light), shadowStep0, shadowStep1 (depth of a map, 0..1, per
//           texel across and up on a slope of 45 degrees; least bias)
uniform sampler2D shadowTex0;
uniform sampler2D shadowTex1;

const float STEEPEST = 0.08;     // sine of the least angle between light and face that depths are extended by

// Part of the light that passes at q (place in the map), 0..1. slant: how depth changes on the face, across and up;
// unit: shadowStep of the map. needed: false saves the time (loops end early, branches do not on a software renderer).
float mapLight(sampler2D map, vec3 q, vec2 slant, vec3 unit, bool needed)
{
  float size = float(textureSize(map, 0).x);
  // from texel to texel the face goes on as a plane, so that it never shades itself, however coarse the map is
  vec2 slope = slant * unit.xy;
  float bias = unit.z + 0.3 * (abs(slope.x) + abs(slope.y));
  float reach = shadowMaps.z;
  float width = reach > 0.5 ? 2.0 * reach + 2.0 : 1.0;
  float taps = needed ? width * width : 0.0;
  vec2 p = q.xy * size - 0.5;
  vec2 base = floor(reach > 0.5 ? p : p + 0.5);
  vec2 f = reach > 0.5 ? p - base : vec2(0.0);
  vec2 tap = vec2(0.0);
  float sum = 0.0;
  // one loop: a software renderer goes through the body once more than needed
  for (float k = 0.0; k < taps; k += 1.0) {
    vec2 texel = base + tap - reach;
    float depth = min(q.z + dot(slope, texel - p), 0.99999) - bias;
    float seen = texelFetch(map, clamp(ivec2(texel), 0, int(size) - 1), 0).r;
    vec2 weight = mix(mix(vec2(1.0), f, equal(tap, vec2(width - 1.0))), 1.0 - f, equal(tap, vec2(0.0)));
    sum += depth <= seen ? weight.x * weight.y : 0.0;
    tap.x += 1.0;
    tap = tap.x < width ? tap : vec2(0.0, tap.y + 1.0);
  }
  float whole = max(width - 1.0, 1.0);
  return sum / (whole * whole);
}

// How far a place lies inside a map: 0 outside or at its rim, 1 well inside.
float inMap(vec3 q, float rim)
{
  vec2 edge = min(q.xy, 1.0 - q.xy);
  return smoothstep(0.0, rim, min(edge.x, edge.y));
}

// Part of the sun (or moon) that reaches a place, 0..1. at: scene coordinates; n: normal of the face.
float sunlit(vec3 at, vec3 n)
{
  vec3 near = (shadowMatrix0 * vec4(at, 1.0)).xyz;
  vec3 far = (shadowMatrix1 * vec4(at, 1.0)).xyz;
  float facing = dot(n, shadowBack);
  vec2 slant = vec2(dot(n, shadowRight), dot(n, shadowUp)) / ((facing < 0.0 ? -1.0 : 1.0) * max(abs(facing), STEEPEST));
  float inNear = shadowMaps.x * inMap(near, 0.1);
  float inFar = shadowMaps.y * inMap(far, 1e-4) * (1.0 - inNear);
  float light = 1.0 - inNear - inFar;
  light += inNear * mapLight(shadowTex0, near, slant, shadowStep0, inNear > 0.0);
  return light + inFar * mapLight(shadowTex1, far, slant, shadowStep1, inFar > 0.0);
}
