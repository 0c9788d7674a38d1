namespace Ptorrent.Model.Jobs;

/// <summary>How one acceptor was served.</summary>
/// <param name="Acceptor">The address or the folder's name.</param>
/// <param name="State">Whether it has the product.</param>
/// <param name="Detail">The reason where it was refused; empty otherwise.</param>
public sealed record DeliveryStatus(string Acceptor, DeliveryState State, string Detail);
