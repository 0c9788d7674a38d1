using Ptorrent.Wasm.Instructions;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Validation;

/// <summary>
/// How each instruction treats NaNs (docs/design/metering.md, "NaN"). Those whose operands depend on more than their
/// opcode are not here.
/// </summary>
internal static class NanRules
{
    // Their results may be a NaN with bits of the engine's choice (WebAssembly 2.0, section 4.3.3).
    private static readonly string[] Arithmetic =
        ["ceil", "floor", "trunc", "nearest", "sqrt", "add", "sub", "mul", "div", "min", "max"];

    private static readonly string[] BitCopies = ["abs", "pmin", "pmax"];

    private static readonly NanRule[] Rules = Make();
    private static readonly bool[] Shows = MakeShows();

    public static NanRule Of(Opcode opcode) => Rules[(int)opcode];

    /// <summary>Whether a function with this instruction needs to follow its NaNs.</summary>
    public static bool MayShow(Opcode opcode) => Shows[(int)opcode];

    private static NanRule[] Make()
    {
        NanRule[] rules = new NanRule[OpcodeTable.Size];
        for (int opcode = 0; opcode < rules.Length; opcode++)
        {
            if (OpcodeTable.Find((Opcode)opcode) is { IsByHand: false } info)
            {
                rules[opcode] = RuleOf(info);
            }
        }

        return rules;
    }

    private static bool[] MakeShows()
    {
        bool[] shows = new bool[OpcodeTable.Size];
        for (int opcode = 0; opcode < shows.Length; opcode++)
        {
            NanRule rule = Rules[opcode];
            shows[opcode] = rule.ShowsScalars || rule.Accepts != NanState.Exact
                || rule.Result is NanState.Loose or NanState.LooseLanes32 or NanState.LooseLanes64;
        }

        return shows;
    }

    private static NanRule RuleOf(OpcodeInfo info)
    {
        string[] name = info.Name.Split('.');
        return name[0] switch
        {
            "f32x4" => RuleOfLanes(name[1], NanState.LooseLanes32, NanState.LooseLanes64),
            "f64x2" => RuleOfLanes(name[1], NanState.LooseLanes64, NanState.LooseLanes32),
            "f32" or "f64" => RuleOfScalar(name[1]),
            _ => name[^1] switch
            {
                "reinterpret_f32" or "reinterpret_f64" => new(NanState.Exact, NanState.Exact, ShowsScalars: true),
                "trunc_sat_f32x4_s" or "trunc_sat_f32x4_u" => new(NanState.LooseLanes32, NanState.Exact),
                "trunc_sat_f64x2_s_zero" or "trunc_sat_f64x2_u_zero" => new(NanState.LooseLanes64, NanState.Exact),
                _ => default,
            },
        };
    }

    private static NanRule RuleOfScalar(string operation) => operation switch
    {
        // They show or change a NaN's sign: mending the result instead of the operands would give another one.
        "copysign" or "neg" => new(NanState.Exact, NanState.Exact, ShowsScalars: true),
        "abs" => new(NanState.Exact, NanState.Exact, Follows: true),
        "store" => new(NanState.Exact, NanState.Exact, ShowsScalars: true),
        "const" or "load" or "reinterpret_i32" or "reinterpret_i64" => default,
        _ when operation.StartsWith("convert", StringComparison.Ordinal) => new(NanState.Exact, NanState.Number),
        "eq" or "ne" or "lt" or "gt" or "le" or "ge" => default,
        _ => new(NanState.Exact, NanState.Loose),
    };

    private static NanRule RuleOfLanes(string operation, NanState own, NanState other) => operation switch
    {
        _ when Array.IndexOf(Arithmetic, operation) >= 0 => new(own, own),
        _ when Array.IndexOf(BitCopies, operation) >= 0 => new(own, own, Follows: true),
        "splat" or "replace_lane" or "extract_lane" => new(own, own, Follows: true),
        "demote_f64x2_zero" or "promote_low_f32x4" => new(other, own),
        "eq" or "ne" or "lt" or "gt" or "le" or "ge" => new(own, NanState.Exact),
        _ => default,
    };
}
