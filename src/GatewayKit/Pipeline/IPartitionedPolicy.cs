using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>A policy that may tell callers apart by something of its own: who shares what it keeps is in force or in shadow as one.</summary>
internal interface IPartitionedPolicy
{
    /// <summary>That; <see langword="null"/> if it is who is calling, or nothing.</summary>
    ICallerKey? CallerKey { get; }
}

/// <summary>What tells callers apart. Safe to use from any thread.</summary>
internal interface ICallerKey
{
    /// <summary>Bytes that it takes at most.</summary>
    int MaxBytes { get; }

    /// <summary>Writes that of a request: the same in all processes, and after a restart.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="buffer">Takes <see cref="MaxBytes"/>.</param>
    /// <param name="length">How many were written.</param>
    /// <returns>Whether the request has one.</returns>
    bool TryWrite(HttpContext httpContext, Span<byte> buffer, out int length);
}
