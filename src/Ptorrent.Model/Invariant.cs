using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Ptorrent.Model;

/// <summary>Conditions that hold unless there is a bug; checked in Release too.</summary>
public static class Invariant
{
    /// <summary>Goes on if <paramref name="condition"/> is true.</summary>
    /// <exception cref="InvariantException">It is false. The message is the condition's own text.</exception>
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string? text = null)
    {
        if (!condition)
        {
            throw new InvariantException(text ?? "?");
        }
    }
}
