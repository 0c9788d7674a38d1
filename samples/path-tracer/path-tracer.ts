// A path tracer: a kernel whose index is a pixel. A pixel is three bytes (red, green, blue), so the outputs of any
// split of the range, one after another, are the picture.
//
//   ./ptorrent map samples/build/path-tracer.wasm --over 0..230400 --out picture.rgb \
//       --param width=640 --param height=360
//
// Parameters: width (640), height (360), samples a pixel (64), seed (1); the range is 0..width*height. Every pixel
// has its own random numbers, made from its place and the seed, so who computes it, and when, never shows.
//
// The method is Kajiya's: follow the light backwards from the eye, and at each matte surface also ask the lamp
// directly. The camera has a lens; glass and glaze reflect by Schlick's approximation of Fresnel's law. scene.ts says
// what stands where.

import { wholeParameter, write } from "../ptorrent";
import { cosineOfTurn, nextRandom, seedRandom, sequenceAt, sineOfTurn, turn } from "./random";
import {
  ceramic, glass, ground, groundDistance, groundShade, hazeAt, hitDistance, isInShadow, lamp, lampBlue, lampGreen,
  lampRadius, lampRed, lampX, lampY, lampZ, light, lightBlue, lightGreen, lightRed, lookAtSky, metal, nearestSphere,
  offsetBlue, offsetGreen, offsetMaterial, offsetRadius, offsetRed, offsetRoughness, offsetY, offsetZ, skyBlue,
  skyGreen, skyRed,
} from "./scene";

const bouncesMax: i32 = 12;

/** Light that comes over several surfaces is cut here: fewer sparks in the picture for a little light lost. */
const clearMax: f64 = 3.0, scatteredMax: f64 = 1.2;

/** The first matte surface sends this many paths on: most of a picture's noise is decided there. */
const branches: i32 = 4;

// The camera: a thin lens that looks at the middle of the scene.
const eyeX: f64 = 0.0, eyeY: f64 = 1.55, eyeZ: f64 = 9.6;
const targetX: f64 = -0.1, targetY: f64 = 1.02, targetZ: f64 = 0.0;
const tangentOfHalfAngle: f64 = 0.2;
const lensRadius: f64 = 0.11;
const focusDistance: f64 = 8.6;

const glassIndex: f64 = 1.5;

// A path's dimensions in the well spread sequence: the picture's plane, the lens, the lamp, the first direction.
const ofColumn: i32 = 0, ofRow: i32 = 1, ofLens: i32 = 2, ofLamp: i32 = 4, ofDirection: i32 = 6;

/** Pixels that are handed over at once. */
const chunkPixels: i32 = 1024;
const chunk: usize = memory.data(1024 * 3);

// The path: where it is, where it goes, what it carries of the light; and the surface that it met. In globals,
// because a function returns one value and allocating would be slow.
let rayX: f64, rayY: f64, rayZ: f64;
let goX: f64, goY: f64, goZ: f64;
let carryRed: f64, carryGreen: f64, carryBlue: f64;
let sumRed: f64, sumGreen: f64, sumBlue: f64;
let collectMax: f64 = clearMax;
let hasBranched: bool = false;
let normalX: f64, normalY: f64, normalZ: f64;

/** The kernel's range function: writes the pixels of [begin, end). */
export function run(begin: i64, end: i64): void {
  const width = max(<i32>wholeParameter("width", 640), 1);
  const height = max(<i32>wholeParameter("height", 360), 1);
  const samples = max(<i32>wholeParameter("samples", 64), 1);
  const seed = wholeParameter("seed", 1);
  let filled: usize = 0;
  for (let index = begin; index < end; index++) {
    seedRandom(seed, index);
    tracePixel(<i32>(index % width), <i32>(index / width), width, height, samples);
    putPixel(chunk + filled * 3, 1.0 / samples);
    if (++filled == chunkPixels) {
      write(chunk, <i32>filled * 3);
      filled = 0;
    }
  }
  if (filled > 0) write(chunk, <i32>filled * 3);
}

/** Leaves the sum of a pixel's samples in sumRed, sumGreen and sumBlue. */
function tracePixel(column: i32, row: i32, width: i32, height: i32, samples: i32): void {
  sumRed = sumGreen = sumBlue = 0.0;
  const scale = 2.0 * tangentOfHalfAngle / height;
  for (let sample = 0; sample < samples; sample++) {
    const x = column + 0.5 + tent(sequenceAt(sample, ofColumn)) - 0.5 * width;
    const y = 0.5 * height - (row + 0.5 + tent(sequenceAt(sample, ofRow)));
    aim(x * scale, y * scale, sequenceAt(sample, ofLens), sequenceAt(sample, ofLens + 1));
    hasBranched = false;
    collectMax = clearMax;
    followPath(sample, 0, true);
  }
}

/** A place in (-1, 1) for a number in [0, 1), dense in the middle: the picture's filter, a tent two pixels wide. */
@inline
function tent(u: f64): f64 {
  return u < 0.5 ? Math.sqrt(2.0 * u) - 1.0 : 1.0 - Math.sqrt(2.0 - 2.0 * u);
}

/** Starts a path on the lens, to where (x, y) on a screen one unit before the eye lies when drawn at the focus. */
function aim(x: f64, y: f64, lensU: f64, lensV: f64): void {
  let forwardX = targetX - eyeX, forwardY = targetY - eyeY, forwardZ = targetZ - eyeZ;
  const scale = 1.0 / Math.sqrt(forwardX * forwardX + forwardY * forwardY + forwardZ * forwardZ);
  forwardX *= scale;
  forwardY *= scale;
  forwardZ *= scale;
  const flat = 1.0 / Math.sqrt(forwardX * forwardX + forwardZ * forwardZ);
  const rightX = -forwardZ * flat, rightZ = forwardX * flat;
  const upX = -rightZ * forwardY, upY = rightZ * forwardX - rightX * forwardZ, upZ = rightX * forwardY;
  turn(lensU);
  const away = lensRadius * Math.sqrt(lensV);
  const lensX = away * cosineOfTurn, lensY = away * sineOfTurn;
  rayX = eyeX + lensX * rightX + lensY * upX;
  rayY = eyeY + lensY * upY;
  rayZ = eyeZ + lensX * rightZ + lensY * upZ;
  const atX = x * focusDistance - lensX, atY = y * focusDistance - lensY;
  head(
    forwardX * focusDistance + atX * rightX + atY * upX,
    forwardY * focusDistance + atY * upY,
    forwardZ * focusDistance + atX * rightZ + atY * upZ);
  carry(1.0, 1.0, 1.0);
}

/** Points the path in a direction of any length. */
@inline
function head(x: f64, y: f64, z: f64): void {
  const scale = 1.0 / Math.sqrt(x * x + y * y + z * z);
  goX = x * scale;
  goY = y * scale;
  goZ = z * scale;
}

/** Takes light away from what the path carries. */
@inline
function filter(red: f64, green: f64, blue: f64): void {
  carryRed *= red;
  carryGreen *= green;
  carryBlue *= blue;
}

/** Adds light that is seen along the path so far. */
function collect(red: f64, green: f64, blue: f64, bounce: i32): void {
  red *= carryRed;
  green *= carryGreen;
  blue *= carryBlue;
  const largest = max(red, max(green, blue));
  const cut = bounce > 0 && largest > collectMax ? collectMax / largest : 1.0;
  sumRed += red * cut;
  sumGreen += green * cut;
  sumBlue += blue * cut;
}

/** Follows a path until it leaves the scene, meets the lamp or is not worth following. */
function followPath(sample: i32, bounce: i32, seesLamp: bool): void {
  // Whether meeting the lamp counts is said by the surface before: a matte one has asked it already.
  for (; bounce < bouncesMax; bounce++) {
    const sphere = nearestSphere(rayX, rayY, rayZ, goX, goY, goZ);
    const toGround = groundDistance(rayY, goY);
    const distance = min(hitDistance, toGround);
    if (distance == Infinity) {
      lookAtSky(goX, goY);
      collect(skyRed, skyGreen, skyBlue, bounce);
      return;
    }
    rayX += distance * goX;
    rayY += distance * goY;
    rayZ += distance * goZ;
    if (toGround < hitDistance) {
      seesLamp = meetGround(sample, bounce);
    } else if (load<i32>(sphere, offsetMaterial) >= light) {
      if (seesLamp) meetLight(sphere, bounce);
      return;
    } else {
      const scale = 1.0 / load<f64>(sphere, offsetRadius);
      normalX = (rayX - load<f64>(sphere)) * scale;
      normalY = (rayY - load<f64>(sphere, offsetY)) * scale;
      normalZ = (rayZ - load<f64>(sphere, offsetZ)) * scale;
      seesLamp = scatter(sphere, 1.0, sample, bounce);
    }
    if (!survives(bounce)) return;
  }
}

/**
 * The first matte surface: asks the lamp, follows several paths from it and, where it is glazed, one off its glaze. The
 * path that came ends.
 */
function branch(
  glaze: f64, facing: f64, roughness: f64, red: f64, green: f64, blue: f64, sample: i32, bounce: i32
): void {
  hasBranched = true;
  const x = rayX, y = rayY, z = rayZ;
  const outX = normalX, outY = normalY, outZ = normalZ;
  const cameX = goX, cameY = goY, cameZ = goZ;
  const mirroredRed = glaze * carryRed, mirroredGreen = glaze * carryGreen, mirroredBlue = glaze * carryBlue;
  filter((1.0 - glaze) * red, (1.0 - glaze) * green, (1.0 - glaze) * blue);
  askLamp(sequenceAt(sample, ofLamp), sequenceAt(sample, ofLamp + 1), bounce);
  const partRed = carryRed / branches, partGreen = carryGreen / branches, partBlue = carryBlue / branches;
  collectMax = scatteredMax / branches;
  for (let i = sample * branches; i < (sample + 1) * branches; i++) {
    stand(x, y, z, outX, outY, outZ);
    carry(partRed, partGreen, partBlue);
    leaveMatte(sequenceAt(i, ofDirection), sequenceAt(i, ofDirection + 1));
    followPath(sample, bounce + 1, false);
  }
  if (glaze > 0.0) {
    collectMax = scatteredMax;
    stand(x, y, z, outX, outY, outZ);
    carry(mirroredRed, mirroredGreen, mirroredBlue);
    goX = cameX;
    goY = cameY;
    goZ = cameZ;
    reflect(facing, roughness, nextRandom(), nextRandom());
    followPath(sample, bounce + 1, true);
  }
  carry(0.0, 0.0, 0.0);
}

/** Puts the path on a surface. */
@inline
function stand(x: f64, y: f64, z: f64, outX: f64, outY: f64, outZ: f64): void {
  rayX = x;
  rayY = y;
  rayZ = z;
  normalX = outX;
  normalY = outY;
  normalZ = outZ;
}

@inline
function carry(red: f64, green: f64, blue: f64): void {
  carryRed = red;
  carryGreen = green;
  carryBlue = blue;
}

/** The path met the lamp, or one of the small lights that are too weak to shine on anything. */
function meetLight(sphere: usize, bounce: i32): void {
  if (load<i32>(sphere, offsetMaterial) == lamp) collect(lampRed, lampGreen, lampBlue, bounce);
  else collect(lightRed, lightGreen, lightBlue, bounce);
}

/** Russian roulette: a path that carries little ends, or goes on carrying more, so that the mean stays. */
function survives(bounce: i32): bool {
  const carried = max(carryRed, max(carryGreen, carryBlue));
  if (carried < 1e-4) return false;
  if (bounce < 2 || carried >= 1.0) return true;
  if (nextRandom() >= carried) return false;
  filter(1.0 / carried, 1.0 / carried, 1.0 / carried);
  return true;
}

/** The path met the ground: part of it is haze, the rest goes on. */
function meetGround(sample: i32, bounce: i32): bool {
  const haze = hazeAt(rayX, rayZ);
  lookAtSky(goX, 0.0);
  collect(haze * skyRed, haze * skyGreen, haze * skyBlue, bounce);
  filter(1.0 - haze, 1.0 - haze, 1.0 - haze);
  normalX = 0.0;
  normalY = 1.0;
  normalZ = 0.0;
  return scatter(ground, groundShade(rayX, rayZ), sample, bounce);
}

/** Sends the path on from a surface; tells whether the lamp counts when the path meets it next. */
function scatter(surface: usize, shade: f64, sample: i32, bounce: i32): bool {
  const material = load<i32>(surface, offsetMaterial);
  if (material == glass) {
    passGlass();
    return true;
  }
  const roughness = <f64>load<f32>(surface, offsetRoughness);
  const facing = -(goX * normalX + goY * normalY + goZ * normalZ);
  const red = shade * load<f32>(surface, offsetRed);
  const green = shade * load<f32>(surface, offsetGreen);
  const blue = shade * load<f32>(surface, offsetBlue);
  if (material == metal) {
    // Metals reflect more, and whiter, where they are grazed.
    const graze = schlick(0.0, facing);
    filter(red + (1.0 - red) * graze, green + (1.0 - green) * graze, blue + (1.0 - blue) * graze);
    const u = bounce == 0 ? sequenceAt(sample, ofDirection) : nextRandom();
    const v = bounce == 0 ? sequenceAt(sample, ofDirection + 1) : nextRandom();
    reflect(facing, roughness, u, v);
    return true;
  }
  const glaze = material == ceramic ? schlick(0.04, facing) : 0.0;
  if (!hasBranched) {
    branch(glaze, facing, roughness, red, green, blue, sample, bounce);
    return false;
  }
  if (nextRandom() < glaze) {
    reflect(facing, roughness, nextRandom(), nextRandom());
    return true;
  }
  filter(red, green, blue);
  askLamp(nextRandom(), nextRandom(), bounce);
  leaveMatte(nextRandom(), nextRandom());
  return false;
}

/** Schlick's approximation: what part of the light a surface reflects, from how it does when met head-on. */
@inline
function schlick(headOn: f64, facing: f64): f64 {
  const graze = max(1.0 - facing, 0.0);
  const square = graze * graze;
  return headOn + (1.0 - headOn) * square * square * graze;
}

/** Leaves an even direction over the whole sphere, times `length`, around what goX, goY and goZ are. */
@inline
function spread(length: f64, u: f64, v: f64): void {
  const height = 1.0 - 2.0 * u;
  const flat = length * Math.sqrt(max(1.0 - height * height, 0.0));
  turn(v);
  head(goX + flat * cosineOfTurn, goY + length * height, goZ + flat * sineOfTurn);
}

/** Mirrors the path; a rough surface scatters it around the mirror's direction. */
function reflect(facing: f64, roughness: f64, u: f64, v: f64): void {
  goX += 2.0 * facing * normalX;
  goY += 2.0 * facing * normalY;
  goZ += 2.0 * facing * normalZ;
  if (roughness == 0.0) return;
  spread(roughness, u, v);
  // What would go into the surface is mirrored out of it.
  const into = goX * normalX + goY * normalY + goZ * normalZ;
  if (into < 0.0) {
    goX -= 2.0 * into * normalX;
    goY -= 2.0 * into * normalY;
    goZ -= 2.0 * into * normalZ;
  }
}

/** Sends the path into, out of or off glass. */
function passGlass(): void {
  let facing = -(goX * normalX + goY * normalY + goZ * normalZ);
  const leaves = facing < 0.0;
  if (leaves) {
    facing = -facing;
    normalX = -normalX;
    normalY = -normalY;
    normalZ = -normalZ;
  }
  const ratio = leaves ? glassIndex : 1.0 / glassIndex;
  const square = 1.0 - ratio * ratio * (1.0 - facing * facing);
  // The cosine on the thin side is the one that Schlick's formula wants.
  const through = Math.sqrt(max(square, 0.0));
  if (square <= 0.0 || nextRandom() < schlick(0.04, leaves ? through : facing)) {
    reflect(facing, 0.0, 0.0, 0.0);
    return;
  }
  const bend = ratio * facing - through;
  head(ratio * goX + bend * normalX, ratio * goY + bend * normalY, ratio * goZ + bend * normalZ);
}

/** Sends the path off a matte surface, as often in a direction as the cosine there is large (Lambert). */
function leaveMatte(u: f64, v: f64): void {
  goX = normalX;
  goY = normalY;
  goZ = normalZ;
  spread(0.9999, u, v);
}

/** Adds the lamp's light on a matte surface: one direction of the cone that the lamp fills, if nothing is between. */
function askLamp(u: f64, v: f64, bounce: i32): void {
  let toX = lampX - rayX, toY = lampY - rayY, toZ = lampZ - rayZ;
  const square = toX * toX + toY * toY + toZ * toZ;
  const scale = 1.0 / Math.sqrt(square);
  toX *= scale;
  toY *= scale;
  toZ *= scale;
  const widest = Math.sqrt(1.0 - lampRadius * lampRadius / square);
  const cosine = 1.0 - u * (1.0 - widest);
  const sine = Math.sqrt(max(1.0 - cosine * cosine, 0.0));
  turn(v);
  // Two directions across the one to the lamp (Duff and others 2017).
  const sign = toZ < 0.0 ? -1.0 : 1.0;
  const a = -1.0 / (sign + toZ);
  const b = toX * toY * a;
  const acrossX = sine * cosineOfTurn, acrossY = sine * sineOfTurn;
  const x = toX * cosine + (1.0 + sign * toX * toX * a) * acrossX + b * acrossY;
  const y = toY * cosine + sign * b * acrossX + (sign + toY * toY * a) * acrossY;
  const z = toZ * cosine - sign * toX * acrossX - toY * acrossY;
  const facing = x * normalX + y * normalY + z * normalZ;
  if (facing <= 0.0 || isInShadow(rayX, rayY, rayZ, x, y, z, 1.0 / scale)) return;
  // Lambert's 1/pi times the cone's solid angle, 2 pi (1 - widest).
  const light = 2.0 * facing * (1.0 - widest);
  collect(light * lampRed, light * lampGreen, light * lampBlue, bounce);
}

/** Writes a pixel: the sums times `scale`, bent into what a screen can show. */
function putPixel(place: usize, scale: f64): void {
  store<u8>(place, screenValue(sumRed * scale));
  store<u8>(place, screenValue(sumGreen * scale), 1);
  store<u8>(place, screenValue(sumBlue * scale), 2);
}

/** Light to a byte: a filmic curve (K. Narkowicz's fit of ACES), then the gamma of screens. */
function screenValue(light: f64): u8 {
  const film = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14);
  return <u8>(255.0 * Math.pow(min(max(film, 0.0), 1.0), 1.0 / 2.2) + 0.5);
}
