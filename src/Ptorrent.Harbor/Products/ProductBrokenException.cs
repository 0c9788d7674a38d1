using Ptorrent.Model;

namespace Ptorrent.Harbor.Products;

/// <summary>The job failed or was cancelled while its product was read: it will never be whole.</summary>
internal sealed class ProductBrokenException() : PtorrentException("The job failed or was cancelled.")
{
    /// <inheritdoc/>
    public override bool IsTransient => false;
}
