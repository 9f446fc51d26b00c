// Colours (sRGB) of semantic surfaces, by the surface code of CityData.
const vec3 ROOF_PITCHED = vec3(0.755, 0.455, 0.35);
const vec3 ROOF_FLAT    = vec3(0.715, 0.645, 0.59);
const vec3 WALL         = vec3(0.955, 0.935, 0.895);
const vec3 GROUND       = vec3(0.66, 0.65, 0.62);
const vec3 CLOSURE      = vec3(0.80, 0.82, 0.84);
const vec3 CEILING      = vec3(0.86, 0.83, 0.78);
const vec3 FLOOR        = vec3(0.70, 0.66, 0.60);
const vec3 WINDOW       = vec3(0.42, 0.56, 0.67);
const vec3 DOOR         = vec3(0.50, 0.36, 0.26);
const vec3 WATER        = vec3(0.40, 0.60, 0.74);
const vec3 WATER_BED    = vec3(0.55, 0.58, 0.55);
const vec3 ROAD         = vec3(0.60, 0.605, 0.615);
const vec3 ROAD_EDGE    = vec3(0.68, 0.71, 0.63);
const vec3 MARKING      = vec3(0.92, 0.92, 0.90);

vec3 roofColour(float up) { return mix(ROOF_PITCHED, ROOF_FLAT, smoothstep(0.965, 0.995, up)); }

// code: surface code; up: |z| of the face's normal; own: the object's colour; building: split by slope if code is 0
vec3 surfaceColour(int code, float up, vec3 own, bool building)
{
  if (code == 1) return roofColour(up);
  if (code == 2 || code == 9) return WALL;
  if (code == 3) return GROUND;
  if (code == 4) return CLOSURE;
  if (code == 5 || code == 10) return CEILING;
  if (code == 6 || code == 11) return FLOOR;
  if (code == 7) return WINDOW;
  if (code == 8) return DOOR;
  if (code == 12 || code == 14) return WATER;
  if (code == 13) return WATER_BED;
  if (code == 15) return ROAD;
  if (code == 16) return ROAD_EDGE;
  if (code == 17) return MARKING;
  if (building) return up > 0.35 ? roofColour(up) : WALL;
  return own;
}
