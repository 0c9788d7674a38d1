using System.Collections.Immutable;

namespace Ptorrent.Wasm.Modules;

/// <summary>What a function takes and gives.</summary>
/// <param name="Parameters">In order.</param>
/// <param name="Results">In order.</param>
public sealed record FunctionType(ImmutableArray<WasmType> Parameters, ImmutableArray<WasmType> Results)
{
    /// <summary>Whether both take and give the same.</summary>
    public bool Equals(FunctionType? other) =>
        other is not null
        && Parameters.AsSpan().SequenceEqual(other.Parameters.AsSpan())
        && Results.AsSpan().SequenceEqual(other.Results.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        int hash = Parameters.Length;
        foreach (WasmType type in Parameters)
        {
            hash = unchecked((hash * 31) + (int)type);
        }

        foreach (WasmType type in Results)
        {
            hash = unchecked((hash * 37) + (int)type);
        }

        return hash;
    }

    /// <summary>Such as <c>(i32, i64) → (i32)</c>.</summary>
    public override string ToString() =>
        $"({Names(Parameters)}) → ({Names(Results)})";

    private static string Names(ImmutableArray<WasmType> types) => string.Join(", ", types.Select(WasmTypes.Name));
}
