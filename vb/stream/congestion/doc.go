// Package congestion estimates what the way to one viewer carries, from when packets left and what the viewer's
// transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) says of their arrival. Package stream
// has one Estimator a peer connection and holds its encoders to the target.
//
// The traffic that it is made for is bursty and mostly limited by the application: a frame leaves at once, most of the
// time less is sent than the way carries, and a still page sends nothing for minutes. So what always holds:
//
//   - Silence and packets that met no queue never lower the target.
//   - It is lowered to what was seen to arrive while a queue stood, never to what little was sent.
//   - It rises when it was used, or when a burst arrived faster than it; never above that burst's rate by guessing.
//   - A queue is one only if every packet of a fifth of a second met it: a burst, a pause of the scheduler at either
//     end or of the radio between them is none.
//   - Loss of less than a tenth is the way's nature, and so is any loss that sending less does not make smaller.
//   - Memory is bounded and no feedback makes it panic, whatever it claims.
package congestion
