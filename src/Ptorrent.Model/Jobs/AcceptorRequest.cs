namespace Ptorrent.Model.Jobs;

/// <summary>
/// Who else receives the product, besides whoever asks the harbor for it. Exactly one field is set.
/// </summary>
public sealed record AcceptorRequest
{
    /// <summary>An address that the product is posted to. The harbor's operator must have allowed its host.</summary>
    public Uri? Webhook { get; init; }

    /// <summary>The name of a new folder below the harbor's deliveries folder: letters, digits, dot, dash, underscore;
    /// no leading dot; at most 100 characters.</summary>
    public string? Folder { get; init; }
}
