using System.Globalization;
using System.Text;
using Ptorrent.Model.Randomness;

namespace Ptorrent.Tests.Wasm;

/// <summary>Writes a random module that computes with floats and vectors, makes a NaN now and then, and shows the bits
/// of all that it computed. Its function <c>go</c> takes a number and gives a checksum.</summary>
internal sealed class FloatProgram
{
    private const int ExpressionDepthMax = 3;
    private const int BlockDepthMax = 2;

    private static readonly string[] Constants64 =
        ["0", "1", "-1.5", "0.25", "3", "1e300", "-1e300", "inf", "nan:0x4000000abcdef"];

    private static readonly string[] Constants32 = ["0", "1", "-2.5", "0.125", "3e38", "-inf", "nan:0x200abc"];

    private readonly Prng _random;
    private readonly StringBuilder _text = new();
    private int _labels;

    private FloatProgram(ulong seed) => _random = new Prng(seed);

    /// <summary>The module's text.</summary>
    internal static string Write(ulong seed) => new FloatProgram(seed).Write();

    private string Write()
    {
        _text.Append("""
            (module
              (import "host" "see" (func $see (param f64 f32)))
              (memory 1)
              (global $gd (mut f64) (f64.const 0))
              (global $gv (mut v128) (v128.const i64x2 0 0))

            """);
        _text.Append("(func $leaf (param $a f64) (param $b f64) (result f64) ")
            .Append(Expression64(2, isLeaf: true)).Append(")\n");
        _text.Append("(func $store (param $a f64) (param $b f64) (f64.store (i32.const 64) ")
            .Append(Expression64(2, isLeaf: true)).Append("))\n");
        const string Locals =
            "(local $a f64) (local $b f64) (local $x f32) (local $y f32) (local $v v128) (local $w v128)";
        _text.Append("(func $part (param $n i32) (result f64) ").Append(Locals).Append(" (local $i i32)\n");
        Statements(3, 1);
        _text.Append(Expression64(2)).Append(")\n(func (export \"go\") (param $n i32) (result i64) ").Append(Locals);
        _text.Append("""
             (local $i i32) (local $sum i64)
            (local.set $a (f64.convert_i32_s (local.get $n)))
            (local.set $x (f32.convert_i32_s (local.get $n)))
            (local.set $v (f64x2.splat (local.get $a)))

            """);
        Statements(6, 0);
        _text.Append("""
            (local.set $i (i32.const 0))
            (loop $sums
              (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 7)) (i64.load (local.get $i))))
              (br_if $sums (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 160))))
            (i64.xor (local.get $sum) (i64.reinterpret_f64 (local.get $a)))))
            """);
        return _text.ToString();
    }

    private int Below(int bound) => (int)_random.Below(bound);

    private string Pick(params string[] texts) => texts[Below(texts.Length)];

    private void Statements(int count, int depth)
    {
        for (int i = 0; i < count; i++)
        {
            Statement(depth);
        }
    }

    private void Statement(int depth)
    {
        switch (Below(depth < BlockDepthMax ? 14 : 10))
        {
            case 0 or 1:
                _text.Append($"(local.set {Pick("$a", "$b")} {Expression64(0)})\n");
                break;
            case 2:
                _text.Append($"(local.set {Pick("$x", "$y")} {Expression32(0)})\n");
                break;
            case 3:
                _text.Append($"(local.set {Pick("$v", "$w")} {Vector(0)})\n");
                break;
            case 4:
                _text.Append($"(f64.store (i32.const {8 * Below(20)}) {Expression64(0)})\n");
                break;
            case 5:
                _text.Append($"(f32.store (i32.const {4 * Below(40)}) {Expression32(0)})\n");
                break;
            case 6:
                _text.Append($"(v128.store (i32.const {16 * Below(10)}) {Vector(0)})\n");
                break;
            case 7:
                _text.Append($"(global.set $gd {Expression64(0)}) (global.set $gv {Vector(1)})\n");
                break;
            case 8:
                _text.Append($"(call $see {Expression64(1)} {Expression32(1)})\n");
                break;
            case 9:
                _text.Append($"(call $store {Expression64(1)} {Expression64(1)})\n");
                break;
            case 10:
                Branches(depth);
                break;
            case 11:
                Block(depth);
                break;
            default:
                Loop(depth);
                break;
        }
    }

    private void Branches(int depth)
    {
        _text.Append($"(if (f64.lt {Expression64(1)} {Expression64(1)}) (then ");
        Statements(2, depth + 1);
        _text.Append(") (else ");
        Statements(1, depth + 1);
        _text.Append("))\n");
    }

    private void Block(int depth)
    {
        string label = $"$block{_labels++}";
        _text.Append($"(local.set $b (block {label} (result f64) ");
        Statements(1, depth + 1);
        _text.Append($"(drop (br_if {label} {Expression64(1)} (f32.lt {Expression32(1)} {Expression32(1)})))");
        _text.Append(Expression64(1)).Append("))\n");
    }

    // At most twelve rounds: the counter's mask ends them whatever stands inside.
    private void Loop(int depth)
    {
        string label = $"$loop{_labels++}";
        _text.Append($"(local.set $i (i32.const 0)) (loop {label} ");
        Statements(3, BlockDepthMax);
        _text.Append($"(br_if {label} (i32.and (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) ");
        _text.Append($"(i32.const {2 + Below(10) + depth})) (i32.const 1))))\n");
    }

    private string Expression64(int depth, bool isLeaf = false)
    {
        if (depth >= ExpressionDepthMax || Below(5) == 0)
        {
            return Below(isLeaf ? 2 : 4) switch
            {
                0 => Below(3) == 0 ? $"(f64.const {Pick(Constants64)})" : "(f64.const 2)",
                1 => $"(local.get {Pick("$a", "$b")})",
                2 => $"(f64.load (i32.const {8 * Below(20)}))",
                _ => "(global.get $gd)",
            };
        }

        string E() => Expression64(depth + 1, isLeaf);
        return Below(isLeaf ? 7 : 14) switch
        {
            0 or 1 => $"(f64.{Pick("add", "sub", "mul", "min", "max")} {E()} {E()})",
            2 => Below(4) == 0 ? $"(f64.{Pick("div", "copysign")} {E()} {E()})" : $"(f64.add {E()} {E()})",
            3 => $"(f64.{Pick("neg", "abs", "floor", "nearest")} {E()})",
            4 => $"(f64.sqrt (f64.abs {E()}))",
            5 => $"(select {E()} {E()} (f64.lt {E()} {E()}))",
            6 => Below(6) == 0 ? $"(f64.sqrt {E()})" : $"(f64.mul {E()} (f64.const 0.5))",
            7 => $"(f64.promote_f32 {Expression32(depth + 1)})",
            8 => $"(f64x2.extract_lane {Below(2)} {Vector(depth + 1)})",
            9 => $"(call $leaf {E()} {E()})",
            10 => $"(f64.reinterpret_i64 (i64.reinterpret_f64 {E()}))",
            11 => $"(f64.convert_i64_s (i64.trunc_sat_f64_s {E()}))",
            12 => $"(local.tee $b {E()})",
            _ => $"(f64.load (i32.const {8 * Below(20)}))",
        };
    }

    private string Expression32(int depth)
    {
        if (depth >= ExpressionDepthMax || Below(4) == 0)
        {
            return Below(3) switch
            {
                0 => Below(3) == 0 ? $"(f32.const {Pick(Constants32)})" : "(f32.const 0.5)",
                1 => $"(local.get {Pick("$x", "$y")})",
                _ => $"(f32.load (i32.const {4 * Below(40)}))",
            };
        }

        string E() => Expression32(depth + 1);
        return Below(6) switch
        {
            0 or 1 => $"(f32.{Pick("add", "sub", "mul", "min", "max", "add", "mul", "div")} {E()} {E()})",
            2 => $"(f32.{Pick("neg", "abs", "ceil")} {E()})",
            3 => $"(f32.demote_f64 {Expression64(depth + 1)})",
            4 => $"(f32x4.extract_lane {Below(4)} {Vector(depth + 1)})",
            _ => $"(f32.reinterpret_i32 (i32.reinterpret_f32 {E()}))",
        };
    }

    private string Vector(int depth)
    {
        if (depth >= ExpressionDepthMax || Below(4) == 0)
        {
            return Below(3) switch
            {
                0 => $"(v128.load (i32.const {16 * Below(10)}))",
                1 => "(global.get $gv)",
                _ => $"(local.get {Pick("$v", "$w")})",
            };
        }

        string V() => Vector(depth + 1);
        return Below(9) switch
        {
            0 => $"(f64x2.{Pick("add", "sub", "mul", "min", "pmax")} {V()} {V()})",
            1 => $"(f32x4.{Pick("add", "sub", "mul", "max", "pmin")} {V()} {V()})",
            2 => $"(f64x2.splat {Expression64(depth + 1)})",
            3 => $"(f32x4.splat {Expression32(depth + 1)})",
            4 => $"(f64x2.replace_lane {Below(2)} {V()} {Expression64(depth + 1)})",
            5 => $"(f32x4.{Pick("neg", "abs", "floor")} {V()})",
            6 => $"(i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 {V()} {V()})",
            7 => $"(v128.bitselect {V()} {V()} {V()})",
            _ => string.Create(
                CultureInfo.InvariantCulture, $"(i64x2.add {V()} (v128.const i64x2 {Below(9)} 0x3ff0000000000000))"),
        };
    }
}
