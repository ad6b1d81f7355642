using System.Buffers;

namespace GatewayKit.Pipeline;

/// <summary>Sees the client's body as it is read for a destination, once, however often it is sent. What it is called for it does at once, and it never throws.</summary>
internal interface IBodyWatch
{
    /// <summary>A part of it was read.</summary>
    void Passed(in ReadOnlySequence<byte> part);

    /// <summary>It was read to its end.</summary>
    void Ended();
}
