//VTK::System::Dec
// Triangles of city objects. Objects that are hidden, or show another level of detail, are thrown away here.
// Defined by the program: COLOUR_MODE (0 surface, 1 object, 2 theme), REALISM (0 plain, 1 shaded, 2 textured).
// Inputs:  vertexMC  position from the tile's origin, metres
//          tags      object row, surface code
//          wall      metres along the wall, its length, up to its eaves, down to its foot; 0 where there is none
//                    (REALISM 2 only)
//          uvt       texture u, v, texture number (theme only)   material  material number (theme only)
//                     OVER (areas and ways of scenarios are drawn ``over`` metres higher than they lie, over the land).
// Uniforms: styleTex, lodIndex (LoD drawn here), hoverRow (-1 = none), idBase (id of row 0 in the id pass),
//           objectTex (RGBA32F per object: lowest and highest z in scene metres, metres per storey, use + 64 * flags),
//           eye (scene coordinates), normalMatrix (world -> view), over; those of sides_in.glsl
#ifndef INSTANCED
in vec4 vertexMC;
in vec2 tags;
uniform mat4 MCDCMatrix;
#endif
uniform mat4 MCVCMatrix;
uniform mat3 normalMatrix;
uniform sampler2D styleTex;
uniform sampler2D objectTex;
#ifdef INSTANCED
#include "instance.glsl"
#else
//VTK::CustomUniforms::Dec
vec4 corner() { return vertexMC; }
ivec2 tag() { return ivec2(tags + 0.5); }
#endif
#include "style.glsl"
#include "sides_in.glsl"

out vec3 fromEye;            // scene coordinates minus the eye, metres
flat out vec4 objectFacts;   // lowest z minus the eye's, highest z minus lowest, metres per storey, random number 0..1
flat out vec3 styleRGB;      // colour of the object
flat out ivec4 objectTag;    // id, surface code, flags, use
#if REALISM == 2
#ifdef INSTANCED
const vec4 wall = vec4(0.0);
#else
in vec4 wall;
#endif
out vec4 wallAt;
#endif
#if COLOUR_MODE == 2
#ifdef INSTANCED
const vec3 uvt = vec3(-1.0);
const float material = -1.0;
#else
in vec3 uvt;
in float material;
#endif
out vec2 textureUV;
flat out ivec2 themeTag;     // texture, material
#endif

#ifdef OVER
const float NEARER = 5e-4;   // share of the distance, as in viewer/render/state.py: far away, depths are not exact

// The depth of a place a little nearer to the eye; where it is in the picture stays.
float depthOver(vec4 place, vec3 way, vec4 clip)
{
  vec4 nearer = MCDCMatrix * vec4(place.xyz - way * NEARER, place.w);
  return nearer.w > 0.0 && clip.w > 0.0 ? nearer.z / nearer.w * clip.w : clip.z;
}
#endif

const int USE_TERRAIN = 44;
const float TERRAIN_BEHIND = 4e-6;   // of the depth range: ground on the terrain wins, houses behind it stay behind

#ifdef INSTANCED
void placeCopy()   // called by VTK's own main()
#else
void main()
#endif
{
  vec4 place = corner();
#ifdef OVER
  place.z += over;
#endif
  ivec2 tagged = tag();
  int row = tagged.x;
  Style style = styleOf(styleTex, row);
  vec4 object = texelFetch(objectTex, ivec2(row % STYLE_WIDTH, row / STYLE_WIDTH), 0);
  int uses = int(object.w + 0.5);
  int use = uses & 63;
  bool shown = style.shownLod == lodIndex + 1;
  int more = (row == hoverRow ? FLAG_HOVER : 0) | (uses >> 6) * FLAG_UNCERTAIN;
#ifdef SURFACES
  takeSurface(surfaceTex, style);
#endif
#ifdef COMPARE
  Style other = styleOf(styleTexB, row);
#ifdef SURFACES
  takeSurface(surfaceTexB, other);
#endif
  bool otherShown = other.shownLod == lodIndex + 1;
  otherStyle = vec4(other.rgb, float(((other.flags | more) & 255) + (shown ? 256 : 0) + (otherShown ? 512 : 0)));
  shown = shown || otherShown;
#endif
#ifdef NODES
  nodeHere = nodeOf(nodeTex);
#ifdef COMPARE
  nodeOther = nodeOf(nodeTexB);
#endif
#ifdef NODE_RANGES
  rangeHere = rangeOf(rangeTex);
#ifdef COMPARE
  rangeOther = rangeOf(rangeTexB);
#endif
#endif
#endif
  gl_Position = shown ? MCDCMatrix * place : vec4(0.0, 0.0, 2.0, 1.0);
  if (use == USE_TERRAIN) gl_Position.z += TERRAIN_BEHIND * gl_Position.w;
  fromEye = (MCVCMatrix * place).xyz * normalMatrix;
#ifdef OVER
  if (shown) gl_Position.z = depthOver(place, fromEye, gl_Position);
#endif
  float chance = fract(float(row & 1023) * 0.6180340);
  objectFacts = vec4(object.x - eye.z, object.y - object.x, object.z, chance);
  styleRGB = style.rgb;
  int flags = style.flags | more;
  objectTag = ivec4(idBase + row, tagged.y, flags, use);
#if REALISM == 2
  wallAt = wall;
#endif
#if COLOUR_MODE == 2
  textureUV = uvt.xy;
  themeTag = ivec2(int(floor(uvt.z + 0.5)), int(floor(material + 0.5)));
#endif
}
