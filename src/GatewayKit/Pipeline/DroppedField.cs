namespace GatewayKit.Pipeline;

/// <summary>Why a field was not passed on.</summary>
internal enum DroppedField
{
    /// <summary>Only the gateway may say it.</summary>
    Protected,

    /// <summary><c>Connection</c> names it.</summary>
    Nominated,

    /// <summary>Another spelling of a field that only the gateway may write.</summary>
    Alias,

    /// <summary>What a trusted proxy sent is not well-formed.</summary>
    Invalid,

    /// <summary>It must not come behind a body (RFC 9110 §6.5.1).</summary>
    Trailer,
}

/// <summary>Who counts the fields that were not passed on.</summary>
internal interface IDroppedFields
{
    void Note(string name, DroppedField cause);
}
