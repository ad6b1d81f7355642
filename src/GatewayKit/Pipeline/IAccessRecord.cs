namespace GatewayKit.Pipeline;

/// <summary>The record of one request, which has to exist before anything is let through and before anything is answered.</summary>
internal interface IAccessRecord
{
    /// <summary>Whether the request's beginning is recorded, or was given up.</summary>
    bool IsBegun { get; }

    /// <summary>Who sees the request's body while it is read for a destination; <see langword="null"/> if nobody does.</summary>
    IBodyWatch? RequestBody { get; }

    /// <summary>Records the request's beginning, as it is known now.</summary>
    /// <returns>Whether the request may go on.</returns>
    ValueTask<bool> BeginAsync();

    /// <summary>Keeps the record for a pipeline: it is no other request's until <see cref="Release"/>.</summary>
    void Hold();

    /// <summary>Says that the pipeline has ended.</summary>
    void Release();
}
