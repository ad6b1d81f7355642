namespace GatewayKit.Auditing.Records;

/// <summary>How the address in a record was found out.</summary>
internal enum AddressTrust
{
    /// <summary>It is that of the connection.</summary>
    Peer,

    /// <summary>Something behind the arrival has put another one in its place, such as the host's middleware for forwarded headers: as true as whom that trusts.</summary>
    Forwarded,

    /// <summary>The record began behind the arrival: nobody has seen whether it was replaced.</summary>
    Unknown,
}
