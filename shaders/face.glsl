// What is known of the place that is drawn, and what it is made of.
struct Face {
  int code;        // surface code of CityData
  int use;         // kind of object, viewer/render/uses.py
  int flags;       // FLAG_... of style.glsl
  vec3 own;        // colour of the object in the style (sRGB)
  vec3 n;          // unit normal in world axes, turned to the viewer
  vec3 at;         // scene coordinates: metres from the scene origin
  vec3 toEye;      // unit
  float distance;  // metres from the eye
  float above;     // metres over the object's base
  float top;       // the object's height, metres
  vec4 wall;       // metres along the wall, its length, up to its eaves, down to its foot; y = 0: not known
  float storey;    // metres per storey, 0 = unknown
  float pixel;     // metres that a pixel covers here, across the line of sight
  float random;    // 0..1, one per object
  float unsure;    // share of what is drawn here whose value is uncertain, 0..1
};

struct Surface {
  vec3 rgb;        // tone of a model (sRGB)
  vec3 glow;       // light that it sends out or mirrors (linear)
  float gloss;     // 0 matt .. 1 water, glass: for the glint of the sun; what they mirror of the sky is in glow
  vec3 n;          // normal; waves may bend it
};
