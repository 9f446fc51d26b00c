// Part of the sky that a place sees, from heights averaged over its surroundings (viewer/render/skyview.py).
// Uniforms: heightTex (RGBA32F seen from above: highest z in scene metres, its means over three distances),
//           heightArea (x and y of its lower left corner in scene coordinates, side in metres; side 0: there is none)
uniform sampler2D heightTex;

const vec3 SKY_RADII = vec3(4.0, 13.0, 42.0);   // metres; as in skyview.py
const vec3 SKY_SHARE = vec3(0.27, 0.33, 0.29);  // what each distance can take away
const float BEFORE_WALL = 5.0;                  // metres
const float SKY_UNKNOWN = 0.86;                 // outside of the map

// Height of what lies highest at a place, and its mean over the nearest distance; far down where nothing is known.
vec2 heightsAt(vec2 at)
{
  vec2 heights = texture(heightTex, (at - heightArea.xy) / max(heightArea.z, 1e-3)).rg;
  return heightArea.z > 0.0 ? heights : vec2(-1e9);
}

// Share of the sky, 0..1, as seen from a face with normal n at scene coordinates at.
float skyOpen(vec3 at, vec3 n)
{
  if (heightArea.z <= 0.0) return 1.0;
  // a wall looks away from its own house; one place for all distances: reading is what takes time
  vec3 means = texture(heightTex, (at.xy + n.xy * BEFORE_WALL - heightArea.xy) / heightArea.z).gba;
  vec3 rise = max(means - at.z - 0.2, vec3(0.0));
  float taken = dot(SKY_SHARE, rise / (rise + 0.6 * SKY_RADII));
  vec2 q = (at.xy - heightArea.xy) / heightArea.z;
  vec2 edge = min(q, 1.0 - q);
  return mix(SKY_UNKNOWN, 1.0 - taken, smoothstep(0.0, 0.12, min(edge.x, edge.y)));
}
