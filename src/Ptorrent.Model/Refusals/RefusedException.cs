namespace Ptorrent.Model.Refusals;

/// <summary>Carries a <see cref="Refusal"/> to the edge where a person or a caller reads it.</summary>
public sealed class RefusedException(Refusal refusal, Exception? inner = null)
    : PtorrentException(refusal.Message, inner)
{
    /// <summary>What was refused and why.</summary>
    public Refusal Refusal { get; } = refusal;

    /// <inheritdoc/>
    public override bool IsTransient => Refusal.Code is RefusalCode.Busy or RefusalCode.NoSpace;
}
