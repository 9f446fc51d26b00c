// Shadow of the sun or the moon, from depth maps as the light sees the scene.
// Uniforms: shadowTex0 (what is near the camera), shadowTex1 (the whole scene), shadowMatrix0, shadowMatrix1 (scene
//           coordinates -> 0..1 across, up, and in depth of a map), shadowMaps (1 if there is the map near the camera,
//           1 if there is that of the whole scene, texels that the filter reaches to each side)
uniform sampler2D shadowTex0;
uniform sampler2D shadowTex1;

const float BIAS_METRES = 0.03;
const float STEEPEST = 0.08;     // sine of the least angle between light and face that depths are extended by

// Part of the light that passes at q (place in the map), 0..1. m: matrix of the map; n: normal of the face.
// needed: false saves the time (loops end early, branches do not on a software renderer).
float mapLight(sampler2D map, mat4 m, vec3 q, vec3 n, bool needed)
{
  float size = float(textureSize(map, 0).x);
  vec3 across = vec3(m[0][0], m[1][0], m[2][0]);
  vec3 up = vec3(m[0][1], m[1][1], m[2][1]);
  vec3 away = vec3(m[0][2], m[1][2], m[2][2]);
  float perMetre = length(away);
  float facing = dot(n, away);
  facing = (facing < 0.0 ? -1.0 : 1.0) * max(abs(facing), STEEPEST * perMetre);
  // how depth changes on the face from texel to texel: the face goes on as a plane, so that it never shades itself,
  // however coarse the map is
  vec2 slope = -vec2(dot(n, across) / dot(across, across), dot(n, up) / dot(up, up)) * dot(away, away) / (facing * size);
  float bias = perMetre * (BIAS_METRES + 0.03 / (length(across) * size)) + 0.3 * (abs(slope.x) + abs(slope.y));
  int reach = int(shadowMaps.z);
  int last = reach > 0 ? reach + 1 : 0;
  vec2 p = q.xy * size - 0.5;
  vec2 base = reach > 0 ? floor(p) : floor(p + 0.5);
  vec2 f = p - base;
  float sum = 0.0;
  for (int j = -reach; j <= (needed ? last : -reach - 1); ++j) {
    float row = 0.0;
    for (int i = -reach; i <= last; ++i) {
      vec2 texel = base + vec2(i, j);
      float depth = min(q.z + dot(slope, texel - p), 0.99999) - bias;
      float seen = texelFetch(map, clamp(ivec2(texel), 0, int(size) - 1), 0).r;
      row += (reach == 0 ? 1.0 : i == -reach ? 1.0 - f.x : i == last ? f.x : 1.0) * (depth <= seen ? 1.0 : 0.0);
    }
    sum += (reach == 0 ? 1.0 : j == -reach ? 1.0 - f.y : j == last ? f.y : 1.0) * row;
  }
  float width = float(2 * reach + 1);
  return sum / (width * width);
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
  float inNear = shadowMaps.x * inMap(near, 0.1);
  float inFar = shadowMaps.y * inMap(far, 1e-4) * (1.0 - inNear);
  float light = 1.0 - inNear - inFar;
  light += inNear * mapLight(shadowTex0, shadowMatrix0, near, n, inNear > 0.0);
  return light + inFar * mapLight(shadowTex1, shadowMatrix1, far, n, inFar > 0.0);
}
