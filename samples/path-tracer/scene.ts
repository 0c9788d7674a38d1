// What stands where, and what a ray meets first.

import { cosineOfTurn, sineOfTurn, turn } from "./random";

/** Materials. */
export const matte: i32 = 0, ceramic: i32 = 1, metal: i32 = 2, glass: i32 = 3, light: i32 = 4, lamp: i32 = 5;

// A sphere in memory, 64 bytes: f64 x, y, z, radius; i32 material; f32 roughness, red, green, blue.
export const offsetY: usize = 8, offsetZ: usize = 16, offsetRadius: usize = 24, offsetMaterial: usize = 32,
  offsetRoughness: usize = 36, offsetRed: usize = 40, offsetGreen: usize = 44, offsetBlue: usize = 48;
const sphereBytes: usize = 64;
const spheres: usize = memory.data(80 * 64);
const lightsBegin: usize = spheres + 62 * sphereBytes;
let spheresEnd: usize = spheres;

/** The ground has a material as a sphere has. */
export const ground: usize = memory.data(64);

/** The lamp is the last of the spheres, so that a search for shadows can leave it out. */
export const lampX: f64 = -6.0, lampY: f64 = 5.2, lampZ: f64 = -2.2, lampRadius: f64 = 1.3;
export const lampRed: f64 = 40.0, lampGreen: f64 = 29.0, lampBlue: f64 = 17.0;

/** The small lights of the garland. */
export const lightRed: f64 = 6.0, lightGreen: f64 = 2.0, lightBlue: f64 = 0.2;

/** Hits nearer than this are the surface that the ray starts from. */
const distanceMin: f64 = 1e-4;

function putMaterial(place: usize, material: i32, roughness: f64, color: u32): void {
  store<i32>(place, material, offsetMaterial);
  store<f32>(place, <f32>roughness, offsetRoughness);
  store<f32>(place, channel(color >> 16), offsetRed);
  store<f32>(place, channel(color >> 8), offsetGreen);
  store<f32>(place, channel(color), offsetBlue);
}

/** A channel of a colour as people write it, as an amount of light. */
function channel(value: u32): f32 {
  const part = <f64>(value & 255) / 255.0;
  return <f32>(part * part * (0.2 + 0.8 * part));
}

function putSphere(x: f64, y: f64, z: f64, radius: f64, material: i32, roughness: f64, color: u32): void {
  store<f64>(spheresEnd, x);
  store<f64>(spheresEnd, y, offsetY);
  store<f64>(spheresEnd, z, offsetZ);
  store<f64>(spheresEnd, radius, offsetRadius);
  putMaterial(spheresEnd, material, roughness, color);
  spheresEnd += sphereBytes;
}

/** Whether a small ball at (x, z) would touch one that already stands there. */
function isTaken(x: f64, z: f64, radius: f64): bool {
  for (let place = spheres; place < spheresEnd; place += sphereBytes) {
    const dx = x - load<f64>(place), dy = radius - load<f64>(place, offsetY), dz = z - load<f64>(place, offsetZ);
    const reach = radius + load<f64>(place, offsetRadius) + 0.03;
    if (dx * dx + dy * dy + dz * dz < reach * reach) return true;
  }
  return false;
}

function buildScene(): void {
  putMaterial(ground, ceramic, 0.03, 0xb9b4b0);
  putSphere(-0.3, 1.15, 0.1, 1.15, glass, 0.0, 0xffffff);
  putSphere(1.8, 0.85, -0.7, 0.85, metal, 0.1, 0xffc35a);
  putSphere(-2.15, 0.72, -0.55, 0.72, ceramic, 0.0, 0xd43a26);
  putSphere(1.05, 0.4, 1.3, 0.4, metal, 0.0, 0xf2f4f8);
  putSphere(2.35, 0.33, 0.75, 0.33, ceramic, 0.0, 0x008a80);
  putSphere(-1.75, 0.3, 1.25, 0.3, ceramic, 0.0, 0x16439a);
  // Small balls on a sunflower's spiral: the golden angle from one to the next.
  const colors: StaticArray<u32> = [0x12646e, 0xf4e8d0, 0xe79a2c, 0x22407a, 0xcf4f3c, 0x86b5ab];
  for (let i = 0; i < 90 && spheresEnd < lightsBegin; i++) {
    const fraction = i * 0.6180339887498949;
    turn(fraction - Math.floor(fraction));
    const away = 0.6 * Math.sqrt(i + 2.0);
    const radius = 0.11 + 0.011 * ((i * 7) % 11);
    const x = 1.3 * away * cosineOfTurn, z = away * sineOfTurn - 0.4;
    if (z > 3.0 || isTaken(x, z, radius)) continue;
    const kind = i % 5 == 1 ? metal : i % 7 == 3 ? glass : i % 3 == 0 ? matte : ceramic;
    putSphere(x, radius, z, radius, kind, kind == metal ? 0.08 : 0.0, kind == glass ? 0xffffff : colors[i % 6]);
  }
  // A garland far behind: out of focus, every light becomes a disc.
  const last: i32 = 16;
  for (let i = 0; i <= last; i++) {
    const along = <f64>i / last * 2.0 - 1.0;
    const sag = along * along;
    putSphere(8.5 * along, 2.0 + 1.5 * sag + 0.1 * (i % 3), -13.0 - 2.0 * along, 0.07, light, 0.0, 0);
  }
  putSphere(lampX, lampY, lampZ, lampRadius, lamp, 0.0, 0);
}

buildScene();

export let hitDistance: f64 = 0.0;

/** The sphere that a ray of unit direction meets first; its distance, or infinity, is left in hitDistance. */
export function nearestSphere(x: f64, y: f64, z: f64, goX: f64, goY: f64, goZ: f64): usize {
  let nearest = Infinity;
  let found: usize = 0;
  const end = spheresEnd;
  for (let place = spheres; place < end; place += sphereBytes) {
    const toX = load<f64>(place) - x, toY = load<f64>(place, offsetY) - y, toZ = load<f64>(place, offsetZ) - z;
    const radius = load<f64>(place, offsetRadius);
    const along = toX * goX + toY * goY + toZ * goZ;
    const inside = along * along + radius * radius - (toX * toX + toY * toY + toZ * toZ);
    if (inside <= 0.0) continue;
    const half = Math.sqrt(inside);
    let distance = along - half;
    if (distance < distanceMin) distance = along + half;
    if (distance >= distanceMin && distance < nearest) {
      nearest = distance;
      found = place;
    }
  }
  hitDistance = nearest;
  return found;
}

/** Whether something stands between a point and the lamp, `reach` away in a unit direction. */
export function isInShadow(x: f64, y: f64, z: f64, goX: f64, goY: f64, goZ: f64, reach: f64): bool {
  const end = spheresEnd - sphereBytes;
  for (let place = spheres; place < end; place += sphereBytes) {
    const toX = load<f64>(place) - x, toY = load<f64>(place, offsetY) - y, toZ = load<f64>(place, offsetZ) - z;
    const along = toX * goX + toY * goY + toZ * goZ;
    // A ray starts on a surface, never inside: only what lies ahead can hide the lamp.
    if (along <= 0.0) continue;
    const radius = load<f64>(place, offsetRadius);
    const inside = along * along + radius * radius - (toX * toX + toY * toY + toZ * toZ);
    if (inside > 0.0 && along - Math.sqrt(inside) > distanceMin && along < reach) return true;
  }
  return false;
}

/** How far the ground is, or infinity. */
@inline
export function groundDistance(y: f64, goY: f64): f64 {
  return goY < 0.0 && y > distanceMin ? -y / goY : Infinity;
}

/** How much the ground's colour is taken back at a place: a wide checker, softly drawn. */
export function groundShade(x: f64, z: f64): f64 {
  const even = (<i32>Math.floor(x * 0.8 + 100.0) + <i32>Math.floor(z * 0.8 + 100.0)) & 1;
  return even != 0 ? 1.0 : 0.62;
}

/** How much of the ground at a place is lost in the haze before the horizon, 0 to 1. */
export function hazeAt(x: f64, z: f64): f64 {
  const square = x * x + z * z;
  return 1.0 - 1.0 / (1.0 + square * square * 4e-5);
}

export let skyRed: f64 = 0.0, skyGreen: f64 = 0.0, skyBlue: f64 = 0.0;

/** Leaves the sky's light from a unit direction in skyRed, skyGreen and skyBlue: dusk, warm where the sun went down. */
export function lookAtSky(goX: f64, goY: f64): void {
  const up = max(goY, 0.0);
  const side = 0.52 - 0.48 * goX;
  const glow = side * side / (1.0 + 60.0 * up * up);
  const veil = 1.0 / (1.0 + 7.0 * up * up);
  skyRed = 0.07 + 0.03 * veil + 0.86 * glow;
  skyGreen = 0.08 + 0.07 * veil + 0.36 * glow;
  skyBlue = 0.17 + 0.14 * veil + 0.13 * glow;
}
