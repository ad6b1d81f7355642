using GatewayKit.Identity.Consumers;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>One change to write.</summary>
/// <param name="Id">Whom.</param>
/// <param name="Consumer">What it is from now on; <see langword="null"/> if it goes away.</param>
/// <param name="Expected">The version that there has to be; <see langword="null"/> if there has to be none.</param>
internal sealed record ConsumerChange(string Id, Consumer? Consumer, string? Expected);
